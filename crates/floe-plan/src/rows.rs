//! A relation on its way: a plan, and the scope it offers. The small steps every relation is built of.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::Field;
use datafusion::logical_expr::logical_plan::{Distinct, Filter, Limit, Projection};
use datafusion::logical_expr::{Expr, LogicalPlan, Sort, SortExpr};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};
use floe_functions::Typed;

use crate::projected;
use crate::resolver::Resolver;
use crate::scope::{Column, Id, Scope, label, reference, referenced};

#[derive(Clone, Debug)]
pub(crate) struct Rows {
    /// Carries at least the ids of the scope, in any order.
    pub(crate) plan: LogicalPlan,
    pub(crate) scope: Arc<Scope>,
}

/// A value on its way to become a column.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) value: Typed,
    pub(crate) column: Column,
}

impl Output {
    /// A column passed on as it is.
    pub(crate) fn pass(column: &Column) -> Self {
        Self { value: column.typed(), column: column.clone() }
    }

    pub(crate) fn expr(&self) -> Expr {
        aliased(self.value.expr.clone(), self.column.id)
    }
}

/// The expression under an id; a column that has it already stays bare.
pub(crate) fn aliased(expr: Expr, id: Id) -> Expr {
    if referenced(&expr) == Some(id) { expr } else { expr.alias(label(id)) }
}

/// A field of this name for a value.
pub(crate) fn field_of(name: &str, value: &Typed) -> Field {
    match &value.written {
        Some(written) => written.to_field(name, value.nullable),
        None => Field::new(name, value.data_type.clone(), value.nullable),
    }
}

impl Rows {
    pub(crate) fn new(plan: LogicalPlan, scope: Arc<Scope>) -> Self {
        Self { plan, scope }
    }

    /// The same rows under another scope.
    #[must_use]
    pub(crate) fn with_scope(self, scope: Arc<Scope>) -> Self {
        Self { scope, ..self }
    }

    /// Computes columns; plain columns alone need no operator.
    pub(crate) fn project(self, outputs: Vec<Output>) -> Result<Self> {
        let below = self.scope.clone();
        let rows = self.project_closed(outputs)?;
        let columns = rows.scope.columns.clone();
        Ok(rows.with_scope(Scope::over(columns, &below)))
    }

    /// The same, with nothing to reach below.
    pub(crate) fn project_closed(self, outputs: Vec<Output>) -> Result<Self> {
        let columns = outputs.iter().map(|output| output.column.clone()).collect();
        let scope = Scope::new(columns);
        if outputs.iter().all(|output| referenced(&output.value.expr) == Some(output.column.id)) {
            return Ok(self.with_scope(scope));
        }
        let plan = project(self.plan, unique(&outputs))?;
        Ok(Self { plan, scope })
    }

    /// Adds columns beside what the plan has; the scope stays.
    pub(crate) fn extend(self, added: Vec<(Expr, Id)>) -> Result<Self> {
        let added: Vec<_> = added.into_iter().filter(|(expr, id)| referenced(expr) != Some(*id)).collect();
        if added.is_empty() {
            return Ok(self);
        }
        let mut exprs = columns_of(&self.plan);
        exprs.extend(added.into_iter().map(|(expr, id)| expr.alias(label(id))));
        Ok(Self { plan: project(self.plan, exprs)?, scope: self.scope })
    }

    pub(crate) fn filter(self, predicate: Expr) -> Result<Self> {
        Ok(Self { plan: filter(self.plan, predicate)?, scope: self.scope })
    }

    pub(crate) fn sort(self, expr: Vec<SortExpr>) -> Result<Self> {
        if expr.is_empty() {
            return Ok(self);
        }
        let plan = LogicalPlan::Sort(Sort { expr, input: Arc::new(self.plan), fetch: None });
        Ok(Self { plan, scope: self.scope })
    }

    pub(crate) fn limit(self, skip: Option<i64>, fetch: Option<i64>) -> Self {
        let bound = |rows: i64| Box::new(Expr::Literal(ScalarValue::Int64(Some(rows)), None));
        let plan = LogicalPlan::Limit(Limit {
            skip: skip.filter(|rows| *rows > 0).map(bound),
            fetch: fetch.map(bound),
            input: Arc::new(self.plan),
        });
        Self { plan, scope: self.scope }
    }

    /// Exactly the shown columns, each once and in order.
    pub(crate) fn aligned(self, resolver: &Resolver) -> Result<Self> {
        let mut seen = HashSet::new();
        let outputs: Vec<Output> = self
            .scope
            .shown()
            .map(|column| {
                let mut output = Output::pass(column);
                if !seen.insert(column.id) {
                    output.column.id = resolver.fresh();
                }
                output
            })
            .collect();
        let schema = self.plan.schema();
        let fits = schema.fields().len() == outputs.len()
            && schema.fields().iter().zip(&outputs).all(|(field, output)| *field.name() == label(output.column.id));
        let scope = Scope::new(outputs.iter().map(|output| output.column.clone()).collect());
        if fits {
            return Ok(self.with_scope(scope));
        }
        let plan = project(self.plan, unique(&outputs))?;
        Ok(Self { plan, scope })
    }

    /// One of each row of the shown columns.
    pub(crate) fn distinct(self, resolver: &Resolver) -> Result<Self> {
        let rows = self.aligned(resolver)?;
        crate::relation::deduplicate::must_be_comparable(&rows.scope.columns)?;
        let rows = crate::relation::deduplicate::normalised(rows, resolver)?;
        let plan = LogicalPlan::Distinct(Distinct::All(Arc::new(rows.plan)));
        Ok(Self { plan, scope: rows.scope })
    }

    /// Carries an id that was dropped on the way up to here again, through the operators that let columns pass.
    pub(crate) fn reach(self, ids: &[Id]) -> Result<Self> {
        Ok(Self { plan: carry(self.plan, ids)?, scope: self.scope })
    }
}

pub(crate) fn project(input: LogicalPlan, exprs: Vec<Expr>) -> Result<LogicalPlan> {
    let schema = projected::schema(&input, &exprs)?;
    Ok(LogicalPlan::Projection(Projection::try_new_with_schema(exprs, Arc::new(input), schema)?))
}

pub(crate) fn filter(input: LogicalPlan, predicate: Expr) -> Result<LogicalPlan> {
    Ok(LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input))?))
}

/// All columns of a plan as expressions.
pub(crate) fn columns_of(plan: &LogicalPlan) -> Vec<Expr> {
    plan.schema().columns().into_iter().map(Expr::Column).collect()
}

/// The outputs' expressions, one for each id.
fn unique(outputs: &[Output]) -> Vec<Expr> {
    let mut seen = HashSet::new();
    outputs.iter().filter(|output| seen.insert(output.column.id)).map(Output::expr).collect()
}

fn carry(plan: LogicalPlan, ids: &[Id]) -> Result<LogicalPlan> {
    let has = |plan: &LogicalPlan, id: &Id| plan.schema().has_column_with_unqualified_name(&label(*id));
    let missing: Vec<Id> = ids.iter().copied().filter(|id| !has(&plan, id)).collect();
    if missing.is_empty() {
        return Ok(plan);
    }
    match plan {
        LogicalPlan::Projection(projection) => {
            let input = carry(Arc::unwrap_or_clone(projection.input), &missing)?;
            let mut exprs = projection.expr;
            exprs.extend(missing.iter().map(|id| reference(*id)));
            project(input, exprs)
        }
        LogicalPlan::Filter(inner) => filter(carry(Arc::unwrap_or_clone(inner.input), &missing)?, inner.predicate),
        LogicalPlan::Sort(sort) => {
            let input = Arc::new(carry(Arc::unwrap_or_clone(sort.input), &missing)?);
            Ok(LogicalPlan::Sort(Sort { input, ..sort }))
        }
        LogicalPlan::Limit(limit) => {
            let input = Arc::new(carry(Arc::unwrap_or_clone(limit.input), &missing)?);
            Ok(LogicalPlan::Limit(Limit { input, ..limit }))
        }
        _ => Err(Error::internal("a column was looked for below an operator that hides it")),
    }
}
