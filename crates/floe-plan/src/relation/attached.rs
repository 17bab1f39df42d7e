//! Subqueries of expressions as joins: each is joined to the rows once, and a column stands in its place.
//!
//! | in the query | here |
//! |---|---|
//! | `(SELECT …)` | a left join with at most one row for each outer row; more is an error |
//! | `WHERE [NOT] EXISTS`, `WHERE x IN` | a semi or anti join |
//! | `WHERE x NOT IN` | an anti join that knows NULL |
//! | EXISTS and IN elsewhere | a mark: true where there is a match |

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column as EngineColumn, JoinConstraint, JoinType, NullEquality};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::{Aggregate, Expr, ExprSchemable, Join, LogicalPlan, lit, when};
use floe_base::{Error, Result};

use super::correlated::{Freed, over_nothing};
use super::join_keys::{conjuncts, ids_of, joined_plan};
use crate::expression::single_value::single_value;
use crate::resolver::Resolver;
use crate::rows::{Rows, columns_of, filter, project};
use crate::scope::{Id, Scope, id_of, label, reference};

impl Resolver<'_> {
    /// The rows for which a condition with subqueries is true.
    pub(crate) fn filtered_by(&self, rows: Rows, predicate: Expr) -> Result<Rows> {
        if !holds_subquery(&predicate) {
            return rows.filter(predicate);
        }
        let (with, without): (Vec<Expr>, Vec<Expr>) = conjuncts(predicate).into_iter().partition(holds_subquery);
        let mut plan = rows.plan;
        if let Some(predicate) = without.into_iter().reduce(Expr::and) {
            plan = filter(plan, predicate)?;
        }
        for condition in with {
            plan = self.filtered_by_one(plan, condition)?;
        }
        Ok(Rows { plan, scope: rows.scope })
    }

    fn filtered_by_one(&self, plan: LogicalPlan, condition: Expr) -> Result<LogicalPlan> {
        let (inner, negated) = match condition {
            Expr::Not(inner) => (*inner, true),
            other => (other, false),
        };
        match inner {
            Expr::Exists(exists) if !exists.subquery.outer_ref_columns.is_empty() => {
                let freed = self.freed(exists.subquery.subquery.as_ref().clone(), &plan, true)?;
                let kind = if negated == exists.negated { JoinType::LeftSemi } else { JoinType::LeftAnti };
                joined_plan(plan, freed.plan, kind, freed.conditions)
            }
            Expr::InSubquery(test) if !holds_subquery(&test.expr) => {
                if negated == test.negated {
                    self.kept_in(plan, test)
                } else {
                    self.kept_out(plan, test)
                }
            }
            other => {
                let condition = if negated { Expr::Not(Box::new(other)) } else { other };
                let (plan, condition) = self.attached_one(plan, condition)?;
                filter(plan, condition)
            }
        }
    }

    /// `x IN (…)` as a condition.
    fn kept_in(&self, plan: LogicalPlan, test: InSubquery) -> Result<LogicalPlan> {
        let freed = self.freed_renamed(test.subquery.subquery.as_ref().clone(), &plan, true)?;
        let mut conditions = freed.conditions;
        conditions.extend(pairs(&test.expr, &freed.values)?.into_iter().map(|(left, right)| left.eq(right)));
        joined_plan(plan, freed.plan, JoinType::LeftSemi, conditions)
    }

    /// `x NOT IN (…)` as a condition: a NULL on either side leaves no row.
    fn kept_out(&self, plan: LogicalPlan, test: InSubquery) -> Result<LogicalPlan> {
        let freed = self.freed_renamed(test.subquery.subquery.as_ref().clone(), &plan, true)?;
        let pairs = pairs(&test.expr, &freed.values)?;
        let mut nullable = false;
        for (left, right) in &pairs {
            nullable |= left.nullable(plan.schema())? || right.nullable(freed.plan.schema())?;
        }
        if !nullable {
            let mut conditions = freed.conditions;
            conditions.extend(pairs.into_iter().map(|(left, right)| left.eq(right)));
            return joined_plan(plan, freed.plan, JoinType::LeftAnti, conditions);
        }
        if freed.conditions.is_empty()
            && let [pair] = pairs.as_slice()
        {
            return Ok(LogicalPlan::Join(Join::try_new(
                Arc::new(plan),
                Arc::new(freed.plan),
                vec![pair.clone()],
                None,
                JoinType::LeftAnti,
                JoinConstraint::On,
                NullEquality::NullEqualsNothing,
                true,
            )?));
        }
        let mut conditions = freed.conditions;
        conditions.extend(pairs.into_iter().map(|(left, right)| possible(left, right)));
        joined_plan(plan, freed.plan, JoinType::LeftAnti, conditions)
    }

    /// Expressions with a column in the place of each subquery, and the rows that have these columns.
    pub(crate) fn attached(&self, rows: Rows, exprs: Vec<Expr>) -> Result<(Rows, Vec<Expr>)> {
        if !exprs.iter().any(holds_subquery) {
            return Ok((rows, exprs));
        }
        let mut plan = rows.plan;
        let mut replaced = Vec::with_capacity(exprs.len());
        for expr in exprs {
            let (next, expr) = self.attached_one(plan, expr)?;
            plan = next;
            replaced.push(expr);
        }
        Ok((Rows { plan, scope: rows.scope }, replaced))
    }

    fn attached_one(&self, mut plan: LogicalPlan, mut expr: Expr) -> Result<(LogicalPlan, Expr)> {
        while let Some(node) = first_subquery(&expr) {
            let (next, value) = self.attached_node(plan, node.clone())?;
            plan = next;
            let replaced = expr.transform_down(|inner| {
                if inner == node {
                    return Ok(Transformed::new(value.clone(), true, TreeNodeRecursion::Jump));
                }
                Ok(Transformed::no(inner))
            })?;
            if !replaced.transformed {
                return Err(Error::internal("a subquery was not replaced"));
            }
            expr = replaced.data;
        }
        Ok((plan, expr))
    }

    fn attached_node(&self, plan: LogicalPlan, node: Expr) -> Result<(LogicalPlan, Expr)> {
        match node {
            Expr::ScalarSubquery(query) => self.attached_scalar(plan, query.subquery.as_ref().clone()),
            Expr::Exists(exists) => self.attached_exists(plan, exists),
            Expr::InSubquery(test) => self.attached_in(plan, test, false),
            Expr::Not(inner) => match *inner {
                Expr::InSubquery(test) => self.attached_in(plan, test, true),
                _ => Err(Error::internal("a negation of no subquery")),
            },
            _ => Err(Error::internal("a subquery of an unknown kind")),
        }
    }

    /// The single value of a subquery for each row.
    fn attached_scalar(&self, plan: LogicalPlan, query: LogicalPlan) -> Result<(LogicalPlan, Expr)> {
        let mut freed = self.freed_renamed(query.clone(), &plan, false)?;
        if freed.keys.is_none() {
            freed = self.freed_over_domain(query, &plan)?;
        }
        let value =
            freed.values.first().copied().ok_or_else(|| Error::internal("a scalar subquery without a column"))?;
        if freed.conditions.is_empty() {
            let single = if is_one_row(&freed.plan) { freed.plan } else { guarded(freed.plan, value, &[])? };
            let joined = Join::try_new(
                Arc::new(plan),
                Arc::new(single),
                Vec::new(),
                None,
                JoinType::Inner,
                JoinConstraint::On,
                NullEquality::NullEqualsNothing,
                false,
            )?;
            return Ok((LogicalPlan::Join(joined), reference(value)));
        }
        let keys = freed.keys.unwrap_or_default();
        let inner = if freed.unique { freed.plan } else { guarded(freed.plan, value, &keys)? };
        let Some(nothing) = freed.over_nothing.filter(|expr| !is_null(expr)) else {
            return Ok((joined_plan(plan, inner, JoinType::Left, freed.conditions)?, reference(value)));
        };
        let present = self.fresh();
        let mut exprs = columns_of(&inner);
        exprs.push(lit(true).alias(label(present)));
        let inner = project(inner, exprs)?;
        let joined = joined_plan(plan, inner, JoinType::Left, freed.conditions)?;
        Ok((joined, when(reference(present).is_null(), nothing).otherwise(reference(value))?))
    }

    fn attached_exists(&self, plan: LogicalPlan, exists: Exists) -> Result<(LogicalPlan, Expr)> {
        let query = exists.subquery.subquery.as_ref().clone();
        let (plan, found) = if exists.subquery.outer_ref_columns.is_empty() {
            let limited = Rows::new(query, Scope::new(Vec::new())).limit(None, Some(1));
            let id = self.fresh();
            let counted =
                Aggregate::try_new(Arc::new(limited.plan), Vec::new(), vec![count(lit(1_i64)).alias(label(id))])?;
            let counted = LogicalPlan::Aggregate(counted);
            (joined_plan(plan, counted, JoinType::Inner, Vec::new())?, reference(id).gt(lit(0_i64)))
        } else {
            let freed = self.freed(query, &plan, true)?;
            self.marked(plan, freed.plan, freed.conditions)?
        };
        Ok((plan, if exists.negated { Expr::Not(Box::new(found)) } else { found }))
    }

    /// `x IN (…)` as a value. Never NULL, for Spark makes it a join that marks rows (4.1 `RewritePredicateSubquery`):
    /// true where a value is equal; under NOT false where one is equal or may be.
    fn attached_in(&self, plan: LogicalPlan, test: InSubquery, negated: bool) -> Result<(LogicalPlan, Expr)> {
        let (plan, operand) = self.attached_one(plan, *test.expr)?;
        let freed = self.freed_renamed(test.subquery.subquery.as_ref().clone(), &plan, true)?;
        let negated = negated != test.negated;
        let matching = |(left, right): (Expr, Expr)| if negated { possible(left, right) } else { left.eq(right) };
        let mut conditions = freed.conditions;
        conditions.extend(pairs(&operand, &freed.values)?.into_iter().map(matching));
        let (plan, found) = self.marked(plan, freed.plan, conditions)?;
        Ok((plan, if negated { Expr::Not(Box::new(found)) } else { found }))
    }

    /// Rows with a column that is true where the other side has a match.
    fn marked(&self, plan: LogicalPlan, other: LogicalPlan, conditions: Vec<Expr>) -> Result<(LogicalPlan, Expr)> {
        let mut exprs = columns_of(&plan);
        let id = self.fresh();
        exprs.push(Expr::Column(EngineColumn::new_unqualified("mark")).alias(label(id)));
        let joined = joined_plan(plan, other, JoinType::LeftMark, conditions)?;
        Ok((project(joined, exprs)?, reference(id)))
    }

    fn freed_renamed(&self, query: LogicalPlan, outer: &LogicalPlan, exact: bool) -> Result<Renamed> {
        let values = value_columns(&query);
        let freed = self.freed(query, outer, exact)?;
        self.renamed_apart(freed, &values)
    }

    fn freed_over_domain(&self, query: LogicalPlan, outer: &LogicalPlan) -> Result<Renamed> {
        let values = value_columns(&query);
        let ours = ids_of(outer);
        let freed = self.over_domain(query, outer, &ours)?;
        self.renamed_apart(freed, &values)
    }

    /// The freed subquery with nothing but what is needed, under fresh ids: it may be joined more than once.
    fn renamed_apart(&self, freed: Freed, values: &[Id]) -> Result<Renamed> {
        let own = ids_of(&freed.plan);
        let mut fresh: HashMap<Id, Id> = HashMap::new();
        let mentioned = freed.conditions.iter().flat_map(Expr::column_refs).filter_map(|column| id_of(&column.name));
        for id in values.iter().copied().chain(mentioned).filter(|id| own.contains(id)) {
            fresh.entry(id).or_insert_with(|| self.fresh());
        }
        let over_nothing = match (freed.loses_empty_groups, values.first()) {
            (true, Some(value)) => over_nothing(&freed.plan, &EngineColumn::new_unqualified(label(*value)))?,
            _ => None,
        };
        let is_one_row = is_one_row(&freed.plan);
        let mut order: Vec<(&Id, &Id)> = fresh.iter().collect();
        order.sort_unstable();
        let exprs = order.iter().map(|(id, made)| reference(**id).alias(label(**made))).collect();
        let plan = if is_one_row && values.is_empty() { freed.plan.clone() } else { project(freed.plan, exprs)? };
        let conditions = freed
            .conditions
            .into_iter()
            .map(|condition| {
                let replaced = condition.transform_up(|node| {
                    let id = crate::scope::referenced(&node).and_then(|id| fresh.get(&id));
                    Ok(match id {
                        Some(id) => Transformed::yes(reference(*id)),
                        None => Transformed::no(node),
                    })
                })?;
                Ok(replaced.data)
            })
            .collect::<Result<Vec<Expr>>>()?;
        let made = |id: &Id| fresh.get(id).copied();
        Ok(Renamed {
            plan,
            conditions,
            values: values.iter().filter_map(made).collect(),
            keys: freed.keys.map(|keys| keys.iter().filter_map(made).collect()),
            unique: freed.loses_empty_groups,
            over_nothing,
        })
    }
}

/// A freed subquery under ids of its own.
struct Renamed {
    plan: LogicalPlan,
    conditions: Vec<Expr>,
    /// Its columns as the query wrote them.
    values: Vec<Id>,
    keys: Option<Vec<Id>>,
    /// One row for each combination of keys.
    unique: bool,
    over_nothing: Option<Expr>,
}

fn value_columns(query: &LogicalPlan) -> Vec<Id> {
    query.schema().fields().iter().filter_map(|field| id_of(field.name())).collect()
}

/// At most one value for each combination of keys; more is Spark's SCALAR_SUBQUERY_TOO_MANY_ROWS.
fn guarded(plan: LogicalPlan, value: Id, keys: &[Id]) -> Result<LogicalPlan> {
    let group = keys.iter().filter(|key| **key != value).map(|key| reference(*key)).collect();
    let single = single_value(reference(value)).alias(label(value));
    if keys.contains(&value) {
        let group = keys.iter().map(|key| reference(*key)).collect();
        let twice = single_value(reference(value)).alias("#single");
        return Ok(LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(plan), group, vec![twice])?));
    }
    Ok(LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(plan), group, vec![single])?))
}

fn is_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(inner) => is_one_row(&inner.input),
        LogicalPlan::Sort(inner) => is_one_row(&inner.input),
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        LogicalPlan::EmptyRelation(empty) => empty.produce_one_row,
        _ => false,
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(value, _) if value.is_null())
}

/// The operands of an IN with the columns they are compared to.
fn pairs(operand: &Expr, columns: &[Id]) -> Result<Vec<(Expr, Expr)>> {
    match (operand, columns) {
        (operand, [one]) => Ok(vec![(operand.clone(), reference(*one))]),
        (Expr::ScalarFunction(row), several) if row.args.len() == several.len() => {
            Ok(row.args.iter().cloned().zip(several.iter().map(|id| reference(*id))).collect())
        }
        _ => Err(Error::internal("an IN compares rows of different widths")),
    }
}

/// True where two values are equal or may be: one of them is NULL.
fn possible(left: Expr, right: Expr) -> Expr {
    let unknown = left.clone().is_null().or(right.clone().is_null());
    left.eq(right).or(unknown)
}

fn is_subquery(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_))
}

pub(crate) fn holds_subquery(expr: &Expr) -> bool {
    expr.exists(|node| Ok(is_subquery(node))).unwrap_or(false)
}

/// The first subquery, with the NOT of a `NOT IN`.
fn first_subquery(expr: &Expr) -> Option<Expr> {
    let mut found = None;
    let is_not_in = |node: &Expr| matches!(node, Expr::Not(inner) if matches!(**inner, Expr::InSubquery(_)));
    let _ = expr.apply(|node| {
        if is_subquery(node) || is_not_in(node) {
            found = Some(node.clone());
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}
