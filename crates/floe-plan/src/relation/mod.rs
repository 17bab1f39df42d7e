//! Relations: one file each. Every one takes its input lowered and gives back a plan with the scope it offers.

pub(crate) mod aggregate;
pub(crate) mod alias;
pub(crate) mod deduplicate;
pub(crate) mod filter;
pub(crate) mod grouped;
pub(crate) mod join;
pub(crate) mod lateral_view;
pub(crate) mod limit;
pub(crate) mod local;
pub(crate) mod project;
pub(crate) mod query;
pub(crate) mod range;
pub(crate) mod recursive;
pub(crate) mod select;
pub(crate) mod set_operation;
pub(crate) mod sort;
pub(crate) mod table;
pub(crate) mod values;

use datafusion::logical_expr::{EmptyRelation, LogicalPlan};
use floe_base::{Error, Result};
use floe_syntax::{Relation, RelationKind};

use crate::resolver::{Env, Resolver};
use crate::rows::Rows;
use crate::scope::Scope;

impl Resolver<'_> {
    /// A relation's meaning.
    pub(crate) fn relation<'t>(&self, relation: &'t Relation, env: &Env<'t>) -> Result<Rows> {
        let rows = stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || self.relation_here(relation, env));
        let rows = rows.map_err(|error| error.at(&relation.origin))?;
        if let Some(plan_id) = relation.plan_id {
            self.remember(plan_id, &rows.scope);
        }
        Ok(rows)
    }

    fn relation_here<'t>(&self, relation: &'t Relation, env: &Env<'t>) -> Result<Rows> {
        let origin = &relation.origin;
        match relation.kind.as_ref() {
            RelationKind::Table(name) => self.table(name, env, origin),
            RelationKind::Files(files) => self.files(files, origin),
            RelationKind::Values { rows } => self.values(rows, env, origin),
            RelationKind::Local { schema, arrow_schema, batches } => {
                self.local(schema.as_ref(), arrow_schema, batches, origin)
            }
            RelationKind::Range { start, end, step, .. } => self.range(*start, *end, *step, origin),
            RelationKind::OneRow => Ok(one_row()),
            RelationKind::Cached { relation_id } => self.cached(relation_id),
            RelationKind::Query(query) => self.query(query, env),
            RelationKind::Select(select) => self.select(select, &query_tail(), env, origin),
            RelationKind::LateralView { input, generator, outer, table, columns } => {
                self.lateral_view(input, generator, *outer, table.as_deref(), columns, env)
            }
            RelationKind::Parameters { input, named, positional } => {
                let parameters = crate::resolver::Parameters { named, positional };
                let env = Env { parameters: Some(std::rc::Rc::new(parameters)), ..env.clone() };
                self.relation(input, &env)
            }
            RelationKind::Project { input, expressions } => self.project(input, expressions, env),
            RelationKind::Filter { input, condition } => self.filter(input, condition, env),
            RelationKind::Aggregate(aggregate) => self.aggregate(aggregate, env, origin),
            RelationKind::Join(join) => self.join(join, env, origin),
            RelationKind::SetOperation { left, right, operator, all, by_name, allow_missing } => {
                let by_name = by_name.then_some(*allow_missing);
                self.set_operation(left, right, *operator, *all, by_name, env, origin)
            }
            RelationKind::Sort { input, orders, .. } => self.sort(input, orders, env),
            RelationKind::Limit { input, limit } => self.limit(input, limit, env),
            RelationKind::Offset { input, offset } => self.offset(input, offset, env),
            RelationKind::Deduplicate { input, columns, within_watermark: false } => {
                self.deduplicate(input, columns.as_deref(), env, origin)
            }
            RelationKind::Alias { input, name, columns } => self.alias(input, name, columns, env, origin),
            RelationKind::Repartition { input, .. } => self.relation(input, env),
            RelationKind::Unsupported(what) => Err(Error::unsupported(what.clone()).at(origin)),
            _ => Err(Error::unsupported("this relation").at(origin)),
        }
    }
}

/// A SELECT with nothing around it.
fn query_tail<'a>() -> select::Tail<'a> {
    select::Tail::default()
}

/// One row without columns.
pub(crate) fn one_row() -> Rows {
    let schema = std::sync::Arc::new(datafusion::common::DFSchema::empty());
    let plan = LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: true, schema });
    Rows::new(plan, Scope::new(Vec::new()))
}
