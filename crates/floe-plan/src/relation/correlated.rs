//! Subqueries that use columns of the query around them, made into plans that do not: then a join does the rest.
//!
//! Two ways. *Pulling up*: where the outer columns occur only in conditions, those conditions leave the subquery and
//! become the join's. *The domain*: else the subquery runs beside every distinct combination of the outer columns, and
//! is joined on them; right for anything, dearer. See Neumann and Kemper, "Unnesting Arbitrary Queries" (2015).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column as EngineColumn, JoinType, NullEquality};
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::logical_plan::Distinct;
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Expr, FetchType, Join, LogicalPlan, Operator, Projection, SkipType, Union, Unnest, Window,
    lit,
};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use super::join_keys::{conjuncts, ids_of, joined_plan};
use crate::resolver::Resolver;
use crate::rows::{columns_of, filter, project};
use crate::scope::{Id, id_of, label, reference};

/// A subquery free of outer columns, and the conditions that tie its rows to the outer ones.
pub(crate) struct Freed {
    pub(crate) plan: LogicalPlan,
    /// Over the columns of both sides.
    pub(crate) conditions: Vec<Expr>,
    /// The subquery's columns that identify the outer row, where every condition is an equality with one of them.
    pub(crate) keys: Option<Vec<Id>>,
    /// True where rows of a global aggregate may be missing for outer rows without a match.
    pub(crate) loses_empty_groups: bool,
}

impl Resolver<'_> {
    /// Frees a subquery of the columns of `outer`.
    pub(crate) fn freed(&self, subquery: LogicalPlan, outer: &LogicalPlan, exact: bool) -> Result<Freed> {
        let ours = ids_of(outer);
        if !uses(&subquery, &ours) {
            return Ok(Freed {
                plan: subquery,
                conditions: Vec::new(),
                keys: Some(Vec::new()),
                loses_empty_groups: false,
            });
        }
        let mut pull = Pull { resolver: self, ours: &ours, loses_empty_groups: false };
        if let Some((plan, pulled)) = pull.plan(subquery.clone())?
            && !(exact && pull.loses_empty_groups)
        {
            let keys = pulled.iter().map(|condition| inner_key(condition, &ours)).collect::<Option<Vec<Id>>>();
            let conditions = pulled.into_iter().map(|condition| plain(condition, &ours)).collect::<Result<Vec<_>>>()?;
            return Ok(Freed { plan, conditions, keys, loses_empty_groups: pull.loses_empty_groups });
        }
        self.over_domain(subquery, outer, &ours)
    }

    pub(crate) fn over_domain(&self, subquery: LogicalPlan, outer: &LogicalPlan, ours: &HashSet<Id>) -> Result<Freed> {
        let mut used: Vec<Id> = outer_ids(&subquery).into_iter().filter(|id| ours.contains(id)).collect();
        used.sort_unstable();
        used.dedup();
        let domain = Domain { resolver: self, outer, used: &used, ours };
        let (plan, map) = domain.bound(subquery)?;
        let conditions = used.iter().filter_map(|id| Some(same(reference(*id), reference(*map.get(id)?)))).collect();
        let keys = used.iter().map(|id| map.get(id).copied()).collect();
        Ok(Freed { plan, conditions, keys, loses_empty_groups: false })
    }
}

/// `left <=> right`.
pub(crate) fn same(left: Expr, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), Operator::IsNotDistinctFrom, Box::new(right)))
}

fn outer_of(expr: &Expr, ours: &HashSet<Id>) -> bool {
    let mut found = false;
    let _ = expr.apply(|node| {
        if let Expr::OuterReferenceColumn(_, column) = node
            && id_of(&column.name).is_some_and(|id| ours.contains(&id))
        {
            found = true;
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

/// True where a plan uses outer columns of these.
pub(crate) fn uses(plan: &LogicalPlan, ours: &HashSet<Id>) -> bool {
    outer_ids(plan).iter().any(|id| ours.contains(id))
}

fn outer_ids(plan: &LogicalPlan) -> Vec<Id> {
    let mut ids = Vec::new();
    let _ = plan.apply_with_subqueries(|node| {
        let _ = node.apply_expressions(|expr| {
            expr.apply(|inner| {
                if let Expr::OuterReferenceColumn(_, column) = inner {
                    ids.extend(id_of(&column.name));
                }
                Ok(TreeNodeRecursion::Continue)
            })
        });
        Ok(TreeNodeRecursion::Continue)
    });
    ids
}

/// The expression with our outer columns as plain ones.
fn plain(expr: Expr, ours: &HashSet<Id>) -> Result<Expr> {
    let replaced = expr.transform_up(|node| match node {
        Expr::OuterReferenceColumn(_, column) if id_of(&column.name).is_some_and(|id| ours.contains(&id)) => {
            Ok(Transformed::yes(Expr::Column(column)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(replaced.data)
}

/// The column of the subquery in `column = outer expression`.
fn inner_key(condition: &Expr, ours: &HashSet<Id>) -> Option<Id> {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq | Operator::IsNotDistinctFrom, right }) = condition else {
        return None;
    };
    let own = |expr: &Expr| if outer_of(expr, ours) { None } else { crate::scope::referenced(expr) };
    let only_outer = |expr: &Expr| outer_of(expr, ours) && expr.column_refs().is_empty();
    match (own(left), own(right)) {
        (Some(id), None) if only_outer(right) => Some(id),
        (None, Some(id)) if only_outer(left) => Some(id),
        _ => None,
    }
}

/// Takes conditions with outer columns out of a plan.
struct Pull<'a, 'r> {
    resolver: &'a Resolver<'r>,
    ours: &'a HashSet<Id>,
    loses_empty_groups: bool,
}

type Pulled = Option<(LogicalPlan, Vec<Expr>)>;

impl Pull<'_, '_> {
    /// `None` where outer columns occur elsewhere than in conditions that can leave.
    fn plan(&mut self, plan: LogicalPlan) -> Result<Pulled> {
        if !uses(&plan, self.ours) {
            return Ok(Some((plan, Vec::new())));
        }
        match plan {
            LogicalPlan::Filter(inner) => self.filter(inner),
            LogicalPlan::Projection(inner) => self.projection(inner),
            LogicalPlan::Aggregate(inner) => self.aggregate(inner),
            LogicalPlan::Distinct(Distinct::All(input)) => {
                let Some((input, pulled)) = self.plan(Arc::unwrap_or_clone(input))? else { return Ok(None) };
                Ok(Some((LogicalPlan::Distinct(Distinct::All(Arc::new(input))), pulled)))
            }
            LogicalPlan::Sort(sort)
                if sort.fetch.is_none() && !sort.expr.iter().any(|key| outer_of(&key.expr, self.ours)) =>
            {
                let Some((input, pulled)) = self.plan(Arc::unwrap_or_clone(sort.input))? else { return Ok(None) };
                let input = Arc::new(input);
                Ok(Some((LogicalPlan::Sort(datafusion::logical_expr::Sort { input, ..sort }), pulled)))
            }
            LogicalPlan::Join(join) => self.join(join),
            _ => Ok(None),
        }
    }

    fn filter(&mut self, inner: datafusion::logical_expr::Filter) -> Result<Pulled> {
        let Some((input, mut pulled)) = self.plan(Arc::unwrap_or_clone(inner.input))? else { return Ok(None) };
        let (outer, own): (Vec<Expr>, Vec<Expr>) =
            conjuncts(inner.predicate).into_iter().partition(|part| outer_of(part, self.ours));
        // Over a global aggregate a filter with outer columns would see groups that are not there.
        if self.loses_empty_groups {
            return Ok(None);
        }
        pulled.extend(outer);
        let plan = match own.into_iter().reduce(Expr::and) {
            Some(predicate) => filter(input, predicate)?,
            None => input,
        };
        Ok(Some((plan, pulled)))
    }

    fn projection(&mut self, inner: Projection) -> Result<Pulled> {
        if inner.expr.iter().any(|expr| outer_of(expr, self.ours)) {
            return Ok(None);
        }
        let Some((input, pulled)) = self.plan(Arc::unwrap_or_clone(inner.input))? else { return Ok(None) };
        let mut exprs = inner.expr;
        let mut known: HashSet<String> = inner.schema.fields().iter().map(|field| field.name().clone()).collect();
        for column in pulled.iter().flat_map(|condition| condition.column_refs()) {
            if known.insert(column.name.clone()) {
                exprs.push(Expr::Column(column.clone()));
            }
        }
        Ok(Some((project(input, exprs)?, pulled)))
    }

    /// Grouping by the keys the conditions compare makes one group of each outer row's rows.
    fn aggregate(&mut self, inner: Aggregate) -> Result<Pulled> {
        let in_own = inner.group_expr.iter().chain(&inner.aggr_expr).any(|expr| outer_of(expr, self.ours));
        let has_sets = inner.group_expr.iter().any(|expr| matches!(expr, Expr::GroupingSet(_)));
        if in_own || has_sets {
            return Ok(None);
        }
        let was_global = inner.group_expr.is_empty();
        let Some((input, pulled)) = self.plan(Arc::unwrap_or_clone(inner.input))? else { return Ok(None) };
        let mut added: Vec<Expr> = Vec::new();
        let mut group = inner.group_expr;
        let mut conditions = Vec::with_capacity(pulled.len());
        for condition in pulled {
            let Expr::BinaryExpr(BinaryExpr { left, op, right }) = condition else { return Ok(None) };
            if !matches!(op, Operator::Eq | Operator::IsNotDistinctFrom) {
                return Ok(None);
            }
            let (own, outer) = match (outer_of(&left, self.ours), outer_of(&right, self.ours)) {
                (false, true) if right.column_refs().is_empty() => (left, right),
                (true, false) if left.column_refs().is_empty() => (right, left),
                _ => return Ok(None),
            };
            let id = self.resolver.fresh();
            added.push(own.alias(label(id)));
            group.push(reference(id));
            conditions.push(Expr::BinaryExpr(BinaryExpr::new(Box::new(reference(id)), op, outer)));
        }
        let mut exprs = columns_of(&input);
        exprs.extend(added);
        let input = project(input, exprs)?;
        let plan = LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input), group, inner.aggr_expr)?);
        self.loses_empty_groups |= was_global;
        Ok(Some((plan, conditions)))
    }

    fn join(&mut self, join: Join) -> Result<Pulled> {
        let in_keys = join.on.iter().any(|(left, right)| outer_of(left, self.ours) || outer_of(right, self.ours));
        let in_filter = join.filter.as_ref().is_some_and(|filter| outer_of(filter, self.ours));
        if in_keys || (in_filter && join.join_type != JoinType::Inner) {
            return Ok(None);
        }
        let right_uses = uses(&join.right, self.ours);
        let allowed = match join.join_type {
            JoinType::Inner => true,
            JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => !right_uses,
            _ => false,
        };
        if !allowed {
            return Ok(None);
        }
        let Some((left, mut pulled)) = self.plan(Arc::unwrap_or_clone(join.left))? else { return Ok(None) };
        let Some((right, more)) = self.plan(Arc::unwrap_or_clone(join.right))? else { return Ok(None) };
        if self.loses_empty_groups {
            return Ok(None);
        }
        pulled.extend(more);
        let (outer, own): (Vec<Expr>, Vec<Expr>) =
            join.filter.into_iter().flat_map(conjuncts).partition(|part| outer_of(part, self.ours));
        pulled.extend(outer);
        let plan = LogicalPlan::Join(Join::try_new(
            Arc::new(left),
            Arc::new(right),
            join.on,
            own.into_iter().reduce(Expr::and),
            join.join_type,
            join.join_constraint,
            join.null_equality,
            join.null_aware,
        )?);
        Ok(Some((plan, pulled)))
    }
}

/// Runs a subquery beside the distinct combinations of the outer columns it uses.
struct Domain<'a, 'r> {
    resolver: &'a Resolver<'r>,
    outer: &'a LogicalPlan,
    used: &'a [Id],
    ours: &'a HashSet<Id>,
}

/// Which column of the plan holds each outer column now.
type Held = HashMap<Id, Id>;

impl Domain<'_, '_> {
    /// The combinations themselves, under fresh ids.
    fn distinct(&self) -> Result<(LogicalPlan, Held)> {
        let held: Held = self.used.iter().map(|id| (*id, self.resolver.fresh())).collect();
        let exprs = self.used.iter().filter_map(|id| Some(reference(*id).alias(label(*held.get(id)?)))).collect();
        let plan = project(self.outer.clone(), exprs)?;
        Ok((LogicalPlan::Distinct(Distinct::All(Arc::new(plan))), held))
    }

    /// The plan with the domain's columns beside its own.
    fn bound(&self, plan: LogicalPlan) -> Result<(LogicalPlan, Held)> {
        if !uses(&plan, self.ours) {
            let (domain, held) = self.distinct()?;
            return Ok((joined_plan(domain, plan, JoinType::Inner, Vec::new())?, held));
        }
        match plan {
            LogicalPlan::Projection(inner) => {
                let (input, held) = self.bound(Arc::unwrap_or_clone(inner.input))?;
                let mut exprs = self.replaced_all(inner.expr, &held)?;
                exprs.extend(held.values().map(|id| reference(*id)));
                Ok((project(input, exprs)?, held))
            }
            LogicalPlan::Filter(inner) => {
                let (input, held) = self.bound(Arc::unwrap_or_clone(inner.input))?;
                Ok((filter(input, self.replaced(inner.predicate, &held)?)?, held))
            }
            LogicalPlan::Aggregate(inner) => self.aggregate(inner),
            LogicalPlan::Sort(sort) => {
                let (input, held) = self.bound(Arc::unwrap_or_clone(sort.input))?;
                let mut expr = Vec::with_capacity(sort.expr.len());
                for key in sort.expr {
                    expr.push(key.with_expr(self.replaced(key.expr.clone(), &held)?));
                }
                let input = Arc::new(input);
                Ok((LogicalPlan::Sort(datafusion::logical_expr::Sort { expr, input, fetch: None }), held))
            }
            LogicalPlan::Limit(limit) => self.limit(limit),
            LogicalPlan::Distinct(Distinct::All(input)) => {
                let (input, held) = self.bound(Arc::unwrap_or_clone(input))?;
                Ok((LogicalPlan::Distinct(Distinct::All(Arc::new(input))), held))
            }
            LogicalPlan::Window(window) => {
                let (input, held) = self.bound(Arc::unwrap_or_clone(window.input))?;
                let exprs = self.replaced_all(window.window_expr, &held)?;
                let exprs = exprs.into_iter().map(|expr| partitioned(expr, &held)).collect::<Result<Vec<_>>>()?;
                Ok((LogicalPlan::Window(Window::try_new(exprs, Arc::new(input))?), held))
            }
            LogicalPlan::Unnest(unnest) => {
                let (input, held) = self.bound(Arc::unwrap_or_clone(unnest.input))?;
                let plan = Unnest::try_new(Arc::new(input), unnest.exec_columns, unnest.options)?;
                Ok((LogicalPlan::Unnest(plan), held))
            }
            LogicalPlan::Union(union) => self.union(union),
            LogicalPlan::Join(join) => self.join(join),
            other => {
                Err(Error::unsupported(format!("a correlated subquery with the operator {} in it", other.display())))
            }
        }
    }

    fn replaced(&self, expr: Expr, held: &Held) -> Result<Expr> {
        let replaced = expr.transform_up(|node| match &node {
            Expr::OuterReferenceColumn(_, column) => {
                let id = id_of(&column.name).and_then(|id| held.get(&id));
                Ok(match id {
                    Some(id) => Transformed::yes(reference(*id)),
                    None => Transformed::no(node),
                })
            }
            _ => Ok(Transformed::no(node)),
        })?;
        Ok(replaced.data)
    }

    fn replaced_all(&self, exprs: Vec<Expr>, held: &Held) -> Result<Vec<Expr>> {
        exprs.into_iter().map(|expr| self.replaced(expr, held)).collect()
    }

    fn aggregate(&self, inner: Aggregate) -> Result<(LogicalPlan, Held)> {
        if inner.group_expr.iter().any(|expr| matches!(expr, Expr::GroupingSet(_))) {
            return Err(Error::unsupported("grouping sets inside a correlated subquery"));
        }
        let (input, held) = self.bound(Arc::unwrap_or_clone(inner.input))?;
        let was_global = inner.group_expr.is_empty();
        let mut group = self.replaced_all(inner.group_expr, &held)?;
        group.extend(held.values().map(|id| reference(*id)));
        let aggregates = self.replaced_all(inner.aggr_expr, &held)?;
        let defaults = aggregates.iter().map(default_of).collect::<Result<Vec<_>>>()?;
        let names: Vec<Expr> = inner.schema.columns().into_iter().map(Expr::Column).collect();
        let plan = LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input), group, aggregates)?);
        if !was_global {
            return Ok((plan, held));
        }
        // A global aggregate has a row even over nothing: the domain's rows without a group get what it is then.
        let (domain, outer) = self.distinct()?;
        let present = self.resolver.fresh();
        let mut exprs = columns_of(&plan);
        exprs.push(lit(true).alias(label(present)));
        let plan = project(plan, exprs)?;
        let tied = self.used.iter().filter_map(|id| Some(same(reference(*outer.get(id)?), reference(*held.get(id)?))));
        let plan = joined_plan(domain, plan, JoinType::Left, tied.collect())?;
        let mut exprs: Vec<Expr> = outer.values().map(|id| reference(*id)).collect();
        for (name, default) in names.into_iter().zip(defaults) {
            let label = match &name {
                Expr::Column(column) => column.name.clone(),
                _ => return Err(Error::internal("an aggregate's column is no column")),
            };
            let missing = reference(present).is_null();
            let value = match default.is_null() {
                true => name,
                false => datafusion::logical_expr::when(missing, Expr::Literal(default, None)).otherwise(name)?,
            };
            exprs.push(if matches!(&value, Expr::Column(_)) { value } else { value.alias(label) });
        }
        Ok((project(plan, exprs)?, outer))
    }

    /// The first rows for each combination.
    fn limit(&self, limit: datafusion::logical_expr::Limit) -> Result<(LogicalPlan, Held)> {
        let (SkipType::Literal(skip), FetchType::Literal(fetch)) = (limit.get_skip_type()?, limit.get_fetch_type()?)
        else {
            return Err(Error::unsupported("a LIMIT that is no number inside a correlated subquery"));
        };
        let (input, held) = self.bound(Arc::unwrap_or_clone(limit.input))?;
        let (order, input) = match input {
            LogicalPlan::Sort(sort) => (sort.expr, Arc::unwrap_or_clone(sort.input)),
            LogicalPlan::Projection(projection) => match projection.input.as_ref() {
                LogicalPlan::Sort(sort) => (sort.expr.clone(), LogicalPlan::Projection(projection)),
                _ => (Vec::new(), LogicalPlan::Projection(projection)),
            },
            other => (Vec::new(), other),
        };
        let id = self.resolver.fresh();
        let mut number = row_number();
        if let Expr::WindowFunction(window) = &mut number {
            window.params.partition_by = held.values().map(|id| reference(*id)).collect();
            window.params.order_by = order;
        }
        let plan = LogicalPlan::Window(Window::try_new(vec![number.alias(label(id))], Arc::new(input))?);
        let count =
            |rows: usize| Expr::Literal(ScalarValue::UInt64(Some(u64::try_from(rows).unwrap_or(u64::MAX))), None);
        let mut condition = reference(id).gt(count(skip));
        if let Some(fetch) = fetch {
            condition = condition.and(reference(id).lt_eq(count(skip.saturating_add(fetch))));
        }
        Ok((filter(plan, condition)?, held))
    }

    fn union(&self, union: Union) -> Result<(LogicalPlan, Held)> {
        let names: Vec<String> = union.schema.fields().iter().map(|field| field.name().clone()).collect();
        let common: Held = self.used.iter().map(|id| (*id, self.resolver.fresh())).collect();
        let mut inputs = Vec::with_capacity(union.inputs.len());
        for input in union.inputs {
            let own = columns_of(&input);
            let (plan, held) = self.bound(Arc::unwrap_or_clone(input))?;
            let mut exprs: Vec<Expr> =
                own.into_iter().zip(&names).map(|(column, name)| renamed(column, name)).collect();
            for id in self.used {
                if let (Some(here), Some(there)) = (held.get(id), common.get(id)) {
                    exprs.push(reference(*here).alias(label(*there)));
                }
            }
            inputs.push(Arc::new(project(plan, exprs)?));
        }
        Ok((LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?), common))
    }

    fn join(&self, join: Join) -> Result<(LogicalPlan, Held)> {
        let right_uses = uses(&join.right, self.ours);
        let (left, held) = self.bound(Arc::unwrap_or_clone(join.left))?;
        let mut on = Vec::with_capacity(join.on.len());
        for (first, second) in join.on {
            on.push((self.replaced(first, &held)?, self.replaced(second, &held)?));
        }
        let own_filter = join.filter.map(|filter| self.replaced(filter, &held)).transpose()?;
        if !right_uses {
            if !matches!(
                join.join_type,
                JoinType::Inner | JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark
            ) {
                return Err(Error::unsupported("a right or full outer join inside a correlated subquery"));
            }
            let plan = Join::try_new(
                Arc::new(left),
                join.right,
                on,
                own_filter,
                join.join_type,
                join.join_constraint,
                join.null_equality,
                join.null_aware,
            )?;
            return Ok((LogicalPlan::Join(plan), held));
        }
        if !matches!(join.join_type, JoinType::Inner | JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti)
            || join.null_aware
        {
            return Err(Error::unsupported("this join inside a correlated subquery"));
        }
        let (right, other) = self.bound(Arc::unwrap_or_clone(join.right))?;
        let tied = self.used.iter().filter_map(|id| Some(same(reference(*held.get(id)?), reference(*other.get(id)?))));
        let keys = on.into_iter().map(|(left, right)| match join.null_equality {
            NullEquality::NullEqualsNull => same(left, right),
            NullEquality::NullEqualsNothing => left.eq(right),
        });
        let conditions = tied.chain(keys).chain(own_filter).collect();
        Ok((joined_plan(left, right, join.join_type, conditions)?, held))
    }
}

fn renamed(column: Expr, name: &str) -> Expr {
    match &column {
        Expr::Column(known) if known.name == name => column,
        _ => column.alias(name),
    }
}

fn partitioned(expr: Expr, held: &Held) -> Result<Expr> {
    let added = expr.transform_up(|node| match node {
        Expr::WindowFunction(mut window) => {
            window.params.partition_by.extend(held.values().map(|id| reference(*id)));
            Ok(Transformed::yes(Expr::WindowFunction(window)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(added.data)
}

/// What an aggregate is over no rows.
pub(crate) fn default_of(aggregate: &Expr) -> Result<ScalarValue> {
    match aggregate {
        Expr::Alias(alias) => default_of(&alias.expr),
        Expr::AggregateFunction(function) if matches!(function.func.name(), "count" | "approx_distinct") => {
            Ok(ScalarValue::Int64(Some(0)))
        }
        Expr::AggregateFunction(function) => {
            let default = function.func.default_value(&arrow::datatypes::DataType::Null);
            Ok(default.ok().filter(|value| !value.is_null()).unwrap_or(ScalarValue::Null))
        }
        _ => Ok(ScalarValue::Null),
    }
}

/// What the columns of a subquery are for an outer row without a match, when a global aggregate lost its row.
pub(crate) fn over_nothing(plan: &LogicalPlan, column: &EngineColumn) -> Result<Option<Expr>> {
    match plan {
        LogicalPlan::Projection(projection) => {
            let position = projection.schema.index_of_column(column)?;
            let Some(expr) = projection.expr.get(position) else { return Ok(None) };
            let expr = expr.clone().unalias();
            let replaced = expr.transform_up(|node| match &node {
                Expr::Column(inner) => {
                    let value = over_nothing(&projection.input, inner)?;
                    Ok(match value {
                        Some(value) => Transformed::yes(value),
                        None => Transformed::no(node),
                    })
                }
                _ => Ok(Transformed::no(node)),
            })?;
            Ok(Some(replaced.data))
        }
        LogicalPlan::Sort(sort) => over_nothing(&sort.input, column),
        LogicalPlan::Aggregate(aggregate) => {
            let position = aggregate.schema.index_of_column(column)?;
            let keys = aggregate.schema.fields().len() - aggregate.aggr_expr.len();
            let field = aggregate.schema.field(position);
            let default = match position.checked_sub(keys).and_then(|index| aggregate.aggr_expr.get(index)) {
                Some(expr) => default_of(expr)?,
                None => ScalarValue::Null,
            };
            let typed = if default.is_null() { ScalarValue::try_from(field.data_type())? } else { default };
            Ok(Some(Expr::Literal(typed, None)))
        }
        _ => Ok(None),
    }
}
