//! The engine's joins: equalities between the sides become its keys, the rest a filter.
//!
//! The engine treats NULL alike in all keys of a join, and its planner adds keys to inner joins without asking how that
//! join treats NULL (DataFusion 53.1: `extract_equijoin_predicate`, `eliminate_cross_join`). So only joins that take no
//! keys later hold null-safe ones; elsewhere `a <=> b` is said by plain equalities, as Spark's `ExtractEquiJoinKeys` does.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::{JoinConstraint, JoinType, NullEquality};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Join, LogicalPlan, Operator};
use datafusion::scalar::ScalarValue;
use floe_base::Result;
use floe_functions::{Typed, condition};

use crate::scope::{Id, id_of};

/// The join of two plans on conditions over the columns of both.
pub(crate) fn joined_plan(
    left: LogicalPlan,
    right: LogicalPlan,
    kind: JoinType,
    conditions: Vec<Expr>,
) -> Result<LogicalPlan> {
    let (left_ids, right_ids) = (ids_of(&left), ids_of(&right));
    let mut keys = Keys::default();
    for condition in conditions.into_iter().flat_map(conjuncts) {
        keys.add(condition, &left_ids, &right_ids);
    }
    let takes_no_keys = matches!(kind, JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark);
    let equality = if takes_no_keys && keys.plain.is_empty() && !keys.null_safe.is_empty() {
        keys.plain = std::mem::take(&mut keys.null_safe);
        NullEquality::NullEqualsNull
    } else {
        NullEquality::NullEqualsNothing
    };
    for (first, second) in std::mem::take(&mut keys.null_safe) {
        keys.plain.extend(null_safe(first, second, &left, &right)?);
    }
    Ok(LogicalPlan::Join(Join::try_new(
        Arc::new(left),
        Arc::new(right),
        keys.plain,
        keys.rest.into_iter().reduce(Expr::and),
        kind,
        JoinConstraint::On,
        equality,
        false,
    )?))
}

/// The equalities of a join condition by how they treat NULL, and what is no equality.
#[derive(Default)]
struct Keys {
    plain: Vec<(Expr, Expr)>,
    null_safe: Vec<(Expr, Expr)>,
    rest: Vec<Expr>,
}

impl Keys {
    fn add(&mut self, condition: Expr, left: &HashSet<Id>, right: &HashSet<Id>) {
        let Expr::BinaryExpr(BinaryExpr { left: first, op, right: second }) = &condition else {
            return self.rest.push(condition);
        };
        let list = match op {
            Operator::Eq => &mut self.plain,
            Operator::IsNotDistinctFrom => &mut self.null_safe,
            _ => return self.rest.push(condition),
        };
        if belongs(first, left) && belongs(second, right) {
            list.push((first.as_ref().clone(), second.as_ref().clone()));
        } else if belongs(first, right) && belongs(second, left) {
            list.push((second.as_ref().clone(), first.as_ref().clone()));
        } else {
            self.rest.push(condition);
        }
    }
}

/// `first <=> second` as equalities in which NULL equals nothing: both are NULL or neither, and the values are equal
/// with any value in the place of NULL.
fn null_safe(first: Expr, second: Expr, left: &LogicalPlan, right: &LogicalPlan) -> Result<Vec<(Expr, Expr)>> {
    if !first.nullable(left.schema())? || !second.nullable(right.schema())? {
        return Ok(vec![(first, second)]);
    }
    let data_type = first.get_type(left.schema())?;
    // A default list names its elements by its own habit.
    let default = ScalarValue::new_default(&data_type)?.cast_to(&data_type)?;
    let or_default = |value: Expr| {
        let value = Typed::new(value, data_type.clone(), true);
        condition::coalesce(vec![value, Typed::constant(default.clone())]).expr
    };
    Ok(vec![(first.clone().is_null(), second.clone().is_null()), (or_default(first), or_default(second))])
}

/// True where an expression reads some columns, and only these.
fn belongs(expr: &Expr, ids: &HashSet<Id>) -> bool {
    let columns = expr.column_refs();
    !columns.is_empty()
        && !expr.contains_outer()
        && columns.iter().all(|column| id_of(&column.name).is_some_and(|id| ids.contains(&id)))
}

pub(crate) fn ids_of(plan: &LogicalPlan) -> HashSet<Id> {
    plan.schema().fields().iter().filter_map(|field| id_of(field.name())).collect()
}

/// The parts of a conjunction.
pub(crate) fn conjuncts(condition: Expr) -> Vec<Expr> {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            let mut parts = conjuncts(*left);
            parts.extend(conjuncts(*right));
            parts
        }
        other => vec![other],
    }
}
