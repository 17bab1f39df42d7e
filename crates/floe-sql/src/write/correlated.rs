//! Joins with the groups of another side, as the correlated subqueries they were made from.
//!
//! Spark has no such subqueries at run time, and so neither has the plan: a subquery per outer row is one join with its
//! groups by the keys of the condition (`floe-plan`'s `correlated.rs`). An engine that runs correlated subqueries for the
//! distinct keys of the outer rows computes the groups of those alone (DuckDB 1.5): where the outer rows are few, that is
//! most of the work. The answer is the same: a group has only rows with its key.

use datafusion::common::{Column, JoinType};
use datafusion::logical_expr::{Aggregate, Expr, Join, LogicalPlan, Projection};

use super::shared::Shared;

/// A join whose right side may be written for one row of the left.
#[derive(Debug)]
pub(super) struct Correlated<'a> {
    /// The groups.
    pub(super) aggregate: &'a Aggregate,
    /// What is equal by it: an expression over the left side, and a key of the groups.
    pub(super) keys: Vec<(&'a Expr, &'a Expr)>,
}

impl<'a> Correlated<'a> {
    /// The join, where it is one with groups of a freed subquery, by keys that freeing has added.
    pub(super) fn of(join: &'a Join, shared: &Shared<'_>) -> Option<Self> {
        if join.join_type != JoinType::Left || join.filter.is_some() || join.on.is_empty() {
            return None;
        }
        let (aggregate, names) = groups(&join.right, join.on.iter().map(|(_, right)| right), shared)?;
        let input = freed(aggregate)?;
        let key_of =
            |name: &Column| aggregate.group_expr.iter().find(|key| matches!(key, Expr::Column(own) if own == name));
        let right = names.iter().map(key_of).collect::<Option<Vec<_>>>()?;
        let are_added = right.iter().all(|key| is_added(key, input));
        let keys = join.on.iter().map(|(left, _)| left).zip(right).collect();
        are_added.then_some(Self { aggregate, keys })
    }
}

/// The groups below projections, and the names the columns have there; nothing on the way is written elsewhere.
fn groups<'a>(
    plan: &'a LogicalPlan,
    columns: impl Iterator<Item = &'a Expr>,
    shared: &Shared<'_>,
) -> Option<(&'a Aggregate, Vec<Column>)> {
    let mut names = columns.map(|column| column.try_as_col().cloned()).collect::<Option<Vec<Column>>>()?;
    let mut plan = plan;
    loop {
        if shared.part(plan).is_some() {
            return None;
        }
        match plan {
            LogicalPlan::Projection(projection) => {
                names = names.iter().map(|name| behind(name, projection)).collect::<Option<_>>()?;
                plan = &projection.input;
            }
            LogicalPlan::Aggregate(aggregate) => return Some((aggregate, names)),
            _ => return None,
        }
    }
}

/// The column that an output passes on.
fn behind(name: &Column, projection: &Projection) -> Option<Column> {
    let at = projection.schema.maybe_index_of_column(name)?;
    let mut expr = projection.expr.get(at)?;
    while let Expr::Alias(alias) = expr {
        expr = &alias.expr;
    }
    expr.try_as_col().cloned()
}

/// The projection that gives a freed subquery's rows the keys they are grouped by.
fn freed(aggregate: &Aggregate) -> Option<&Projection> {
    match aggregate.input.as_ref() {
        LogicalPlan::Projection(projection) => Some(projection),
        _ => None,
    }
}

/// True for a key that was put beside the input's own columns: what a query groups by is there already.
fn is_added(key: &Expr, input: &Projection) -> bool {
    let Some(at) = key.try_as_col().and_then(|column| input.schema.maybe_index_of_column(column)) else { return false };
    let own = input.input.schema().fields().len();
    at >= own && matches!(input.expr.get(at), Some(Expr::Alias(_)))
}
