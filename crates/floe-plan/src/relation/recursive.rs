//! `WITH RECURSIVE`: a query over its own rows, step after step.

use std::rc::Rc;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::catalog::cte_worktable::CteWorkTable;
use datafusion::common::DFSchema;
use datafusion::logical_expr::{Extension, LogicalPlan};
use floe_base::{Error, Origin, Result};
use floe_functions::cast::cast;
use floe_syntax::expression::CastMode;
use floe_syntax::relation::SetOperator;
use floe_syntax::{Relation, RelationKind};

use crate::recursion::{Recursion, RecursionLimits};
use crate::resolver::{CteBody, CteNode, Env, Resolver};
use crate::rows::{Rows, aliased, project};
use crate::scope::{Column, Scope, label};

/// The rows of the step before, as the recursive part reads them.
pub(crate) struct Step {
    provider: Arc<dyn TableProvider>,
    /// The client's columns; the provider's are named by these ids.
    columns: Vec<Column>,
}

impl Resolver<'_> {
    /// Lowers a name that refers to itself: the anchor first, then the part over its own rows.
    pub(crate) fn recursive(&self, node: &Rc<CteNode<'_>>, origin: &Origin) -> Result<Rows> {
        let Some((anchor, recursive, all)) = parts(&node.cte.query) else {
            return Err(Error::analysis("INVALID_RECURSIVE_CTE").at(origin));
        };
        if !all {
            return Err(Error::analysis("UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE").at(&node.cte.query.origin));
        }
        let env = self.with(anchor.with, false, &node.env)?;
        let first = self.relation(anchor.body, &env)?.aligned(self)?;
        let first = self.renamed(first, &node.cte.columns, None, origin)?.aligned(self)?;
        let columns: Vec<Column> =
            first.scope.columns.iter().map(|column| column.clone().with_nullable(true)).collect();
        let name = format!("recursive{}", self.fresh());
        let fields: Vec<Field> =
            columns.iter().map(|column| Field::new(label(column.id), column.field.data_type().clone(), true)).collect();
        let schema = Schema::new(fields);
        let shown = DFSchema::try_from(schema.clone())?;
        let provider: Arc<dyn TableProvider> = Arc::new(CteWorkTable::new(&name, Arc::new(schema)));
        let step = CteNode {
            cte: node.cte,
            body: CteBody::Step(Step { provider, columns: columns.clone() }),
            env: env.clone(),
            parent: env.ctes.clone(),
        };
        let inner = Env { ctes: Some(Rc::new(step)), ..env };
        let next = self.relation(recursive, &inner)?.aligned(self)?;
        let next = self.as_anchor(next, &columns, origin)?;
        let limits = self.recursion_limits(node.cte.max_level);
        let recursion = Recursion { name, anchor: first.plan, step: next, limits, schema: Arc::new(shown) };
        let plan = LogicalPlan::Extension(Extension { node: Arc::new(recursion) });
        Ok(Rows::new(plan, Scope::new(columns)))
    }

    /// What the query says, else the session; -1 is no limit (Spark 4.1 `UnionLoopExec`).
    fn recursion_limits(&self, written: Option<u32>) -> RecursionLimits {
        let setting = |key: &str, default: &str| self.context.conf(key, default).parse::<i64>().unwrap_or(-1);
        let levels = written.map_or_else(|| setting("spark.sql.cteRecursionLevelLimit", "100"), i64::from);
        let rows = setting("spark.sql.cteRecursionRowLimit", "1000000");
        RecursionLimits { levels: u64::try_from(levels).ok(), rows: u64::try_from(rows).ok() }
    }

    /// The recursive part's columns under the anchor's ids and types.
    fn as_anchor(&self, next: Rows, columns: &[Column], origin: &Origin) -> Result<LogicalPlan> {
        if next.scope.columns.len() != columns.len() {
            return Err(Error::analysis("NUM_COLUMNS_MISMATCH")
                .with("operator", "UNION")
                .with("firstNumColumns", columns.len().to_string())
                .with("invalidOrdinalNum", "second")
                .with("invalidNumColumns", next.scope.columns.len().to_string())
                .at(origin));
        }
        let mut exprs = Vec::with_capacity(columns.len());
        for (column, anchor) in next.scope.columns.iter().zip(columns) {
            let value = cast(column.typed(), anchor.field.data_type(), CastMode::Session, self.context, origin)?;
            exprs.push(aliased(value.expr, anchor.id));
        }
        project(next.plan, exprs)
    }

    /// The rows of the step before.
    pub(crate) fn recursive_step(&self, step: &Step, name: &str) -> Result<Rows> {
        let qualifier: Arc<[String]> = Arc::from([name.to_string()]);
        let columns: Vec<Column> = step
            .columns
            .iter()
            .map(|column| Column { id: self.fresh(), ..column.clone() }.with_qualifier(qualifier.clone()))
            .collect();
        let named: Vec<Column> =
            columns.iter().zip(&step.columns).map(|(column, read)| column.clone().with_name(&label(read.id))).collect();
        let rows = self.scan_provider(&step.provider, named)?;
        Ok(rows.with_scope(Scope::new(columns)))
    }
}

/// The first part of a recursive query, with the names its own WITH gives.
struct Anchor<'t> {
    body: &'t Relation,
    with: &'t [floe_syntax::relation::Cte],
}

fn parts(query: &Relation) -> Option<(Anchor<'_>, &Relation, bool)> {
    match query.kind.as_ref() {
        RelationKind::Query(inner) if inner.order_by.is_empty() && inner.limit.is_none() => {
            let (anchor, recursive, all) = parts(&inner.body)?;
            Some((Anchor { with: &inner.with, ..anchor }, recursive, all))
        }
        RelationKind::SetOperation { left, right, operator: SetOperator::Union, all, .. } => {
            Some((Anchor { body: left, with: &[] }, right, *all))
        }
        _ => None,
    }
}

/// True where a relation reads a table of this name.
pub(crate) fn mentions(relation: &Relation, name: &str, case_sensitive: bool) -> bool {
    let mut found = false;
    crate::walk::sources(relation, &mut |named| {
        let crate::walk::Named::Table(table) = named else { return };
        found |= matches!(table.parts.as_slice(), [single] if crate::scope::same_name(single, name, case_sensitive));
    });
    found
}
