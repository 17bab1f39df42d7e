//! What depends on the partitions of Spark: `rand`, `monotonically_increasing_id`, `spark_partition_id`, and samples.
//!
//! Where the partitions follow from the query, Spark's values do too: `range(0, 100, 1, 5)` has five, and projections,
//! filters and UNION ALL keep them. There the plan computes the partition of each row, from the row itself
//! (`by_partition/layout.rs`), and tells it to the functions that depend on it. Their operators stand between fences
//! (`by_partition/fence.rs`): these functions count the rows that reach them, so no filter may change places with them.
//!
//! Where they do not follow, all rows count as one partition, as those of a range without a number do; what would be
//! nothing but a guess then is refused. How a function goes by a partition: `floe-functions/src/partition.rs`.

pub(crate) mod fence;
pub(crate) mod layout;

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::logical_expr::logical_plan::{Filter, Projection, Sort, SubqueryAlias, Union};
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator, lit};
use floe_base::{Error, Result};
use floe_functions::partition::{placed, refusal, waits};

use self::fence::Fence;
use self::layout::{Layout, coalesced};
use crate::resolver::Resolver;
use crate::rows::{Rows, columns_of, filter, project};
use crate::scope::{Id, id_of, label, reference};

/// Rows and the column with their partition.
type Told = (LogicalPlan, Id);

impl Resolver<'_> {
    /// The plan of a query, whose functions know the partition where it can be known.
    pub(crate) fn by_partition(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        if !depends_on_partitions(&plan)? {
            return Ok(plan);
        }
        let told = plan.transform_up_with_subqueries(|node| {
            if !node.expressions().iter().any(waits) {
                return Ok(Transformed::no(node));
            }
            Ok(Transformed::yes(self.operator_by_partition(node)?))
        });
        Ok(told?.data)
    }

    /// Rows that are dealt out anew: into fewer partitions of neighbours, or by a shuffle, of which nobody here knows.
    pub(crate) fn repartitioned(&self, rows: Rows, coalesced_to: Option<u32>) -> Result<Rows> {
        let Some(before) = self.partitions(&rows.plan) else { return Ok(rows) };
        let id = self.fresh();
        let scope = rows.scope.clone();
        let (plan, column, layout) = match coalesced_to.map(i64::from) {
            // More than there are changes nothing.
            Some(count) if count >= before => return Ok(rows),
            Some(count) => {
                let (plan, partition) = self.told(rows.plan, before)?;
                (plan, coalesced(reference(partition), before, count), Layout::Numbered(count))
            }
            None => (rows.plan, lit(0_i32), Layout::Unknown),
        };
        self.lie(id, layout);
        let mut columns = columns_of(&plan);
        columns.push(column.alias(label(id)));
        Ok(Rows::new(project(plan, columns)?, scope))
    }

    /// An operator with functions that wait for a partition; as it is, where there is none to tell them.
    fn operator_by_partition(&self, node: LogicalPlan) -> Result<LogicalPlan> {
        let input = match node.inputs().as_slice() {
            [input] => (*input).clone(),
            _ => return unplaced(node),
        };
        let Some(count) = self.partitions(&input) else { return unplaced(node) };
        let columns = columns_of(&input);
        match node {
            LogicalPlan::Projection(projection) => {
                let (input, partition) = self.told(input, count)?;
                let exprs = projection.expr.into_iter().map(|expr| Ok(placed(expr, &reference(partition))?));
                Ok(Fence::over(project(Fence::over(input), exprs.collect::<Result<_>>()?)?))
            }
            LogicalPlan::Filter(Filter { predicate, .. }) => {
                let (mut plan, partition) = self.told(input, count)?;
                // One after the other: what comes later in the condition is asked for what the earlier let pass.
                for part in split_conjunction_owned(predicate) {
                    plan = if waits(&part) {
                        Fence::over(filter(Fence::over(plan), placed(part, &reference(partition))?)?)
                    } else {
                        filter(plan, part)?
                    };
                }
                project(plan, columns)
            }
            LogicalPlan::Sort(sort) => {
                let (input, partition) = self.told(input, count)?;
                let mut drawn = columns_of(&input);
                let mut keys = sort.expr;
                for key in keys.iter_mut().filter(|key| waits(&key.expr)) {
                    let id = self.fresh();
                    let expr = std::mem::replace(&mut key.expr, reference(id));
                    drawn.push(placed(expr, &reference(partition))?.alias(label(id)));
                }
                let input = Arc::new(Fence::over(project(Fence::over(input), drawn)?));
                project(LogicalPlan::Sort(Sort { expr: keys, input, fetch: sort.fetch }), columns)
            }
            other => unplaced(other),
        }
    }

    /// How many partitions the rows of a plan lie in, where that follows from the query.
    fn partitions(&self, plan: &LogicalPlan) -> Option<i64> {
        match plan {
            LogicalPlan::Projection(projection) => match self.layout(projection) {
                Some((_, Layout::Range(range))) => Some(range.count()),
                Some((_, Layout::Numbered(count))) => Some(count),
                Some((_, Layout::Unknown)) => None,
                None => self.partitions(&projection.input),
            },
            LogicalPlan::Filter(filter) => self.partitions(&filter.input),
            LogicalPlan::SubqueryAlias(alias) => self.partitions(&alias.input),
            LogicalPlan::Extension(_) if fence::is_fence(plan) => self.partitions(plan.inputs().first()?),
            LogicalPlan::Union(union) => {
                let counts: Vec<i64> =
                    union.inputs.iter().map(|input| self.partitions(input)).collect::<Option<_>>()?;
                let sum = counts.iter().try_fold(0_i64, |sum, count| sum.checked_add(*count))?;
                let sum = if are_one(&counts) { 1 } else { sum };
                i32::try_from(sum).is_ok().then_some(sum)
            }
            _ => None,
        }
    }

    /// A plan of so many partitions with a column more: the partition.
    fn told(&self, plan: LogicalPlan, count: i64) -> Result<Told> {
        match plan {
            LogicalPlan::Projection(projection) => match self.layout(&projection) {
                Some((id, Layout::Range(range))) => {
                    let partition = self.fresh();
                    let plan = LogicalPlan::Projection(projection);
                    let mut exprs = columns_of(&plan);
                    exprs.push(range.of(reference(id)).alias(label(partition)));
                    Ok((project(plan, exprs)?, partition))
                }
                Some((id, _)) => Ok((LogicalPlan::Projection(projection), id)),
                None => {
                    let (input, partition) = self.told(Arc::unwrap_or_clone(projection.input), count)?;
                    let mut exprs = projection.expr;
                    if !exprs.contains(&reference(partition)) {
                        exprs.push(reference(partition));
                    }
                    Ok((project(input, exprs)?, partition))
                }
            },
            LogicalPlan::Filter(inner) => {
                let (input, partition) = self.told(Arc::unwrap_or_clone(inner.input), count)?;
                Ok((filter(input, inner.predicate)?, partition))
            }
            LogicalPlan::SubqueryAlias(alias) => {
                let (input, partition) = self.told(Arc::unwrap_or_clone(alias.input), count)?;
                Ok((LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(input), alias.alias)?), partition))
            }
            LogicalPlan::Union(union) => self.union_told(union),
            LogicalPlan::Extension(extension) => match extension.node.as_any().downcast_ref::<Fence>() {
                Some(fence) => {
                    let (input, partition) = self.told(fence.input().clone(), count)?;
                    Ok((Fence::over(input), partition))
                }
                None => Err(lost()),
            },
            _ => Err(lost()),
        }
    }

    /// The partitions of the inputs, those of one after those of the one before.
    fn union_told(&self, union: Union) -> Result<Told> {
        let partition = self.fresh();
        let counts: Vec<i64> =
            union.inputs.iter().map(|input| self.partitions(input).ok_or_else(lost)).collect::<Result<_>>()?;
        let is_one = are_one(&counts);
        let mut first = 0_i64;
        let mut inputs = Vec::with_capacity(union.inputs.len());
        for (input, count) in union.inputs.into_iter().zip(counts) {
            let mut exprs = columns_of(&input);
            let (input, own) = self.told(Arc::unwrap_or_clone(input), count)?;
            let before = i32::try_from(first).map_err(|_| lost())?;
            exprs.push(sum(reference(own), lit(before)).alias(label(partition)));
            inputs.push(Arc::new(project(input, exprs)?));
            first += if is_one { 0 } else { count };
        }
        Ok((LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?), partition))
    }

    /// The layout that begins with a projection, and the column that tells it.
    fn layout(&self, projection: &Projection) -> Option<(Id, Layout)> {
        let layouts = self.layouts.borrow();
        if layouts.is_empty() {
            return None;
        }
        projection.expr.iter().find_map(|expr| match expr {
            // What only passes a column on does not begin it; nor does a union, whose columns are all named as its first
            // input's.
            Expr::Alias(alias) => {
                let id = id_of(&alias.name)?;
                let layout = *layouts.get(&id)?;
                let is_read = matches!(projection.input.as_ref(), LogicalPlan::TableScan(_));
                (is_read || !matches!(layout, Layout::Range(_))).then_some((id, layout))
            }
            _ => None,
        })
    }

    /// The rows of the projection that begins this column lie so.
    pub(crate) fn lie(&self, id: Id, layout: Layout) {
        self.layouts.borrow_mut().insert(id, layout);
    }
}

/// Spark 4.1 unites inputs of one partition each into one (`spark.sql.unionOutputPartitioning`).
fn are_one(counts: &[i64]) -> bool {
    counts.iter().all(|count| *count == 1)
}

fn sum(left: Expr, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), Operator::Plus, Box::new(right)))
}

fn lost() -> Error {
    Error::internal("the partitions of an operator are known, and not how to tell them")
}

/// The operator as it is: what its functions count is one partition. One that is nothing without a partition is refused.
fn unplaced(node: LogicalPlan) -> Result<LogicalPlan> {
    match node.expressions().iter().find_map(refusal) {
        Some(refused) => Err(refused),
        None => Ok(node),
    }
}

fn depends_on_partitions(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            found |= waits(expr);
            Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use crate::testing::Session;

    async fn plan(sql: &str) -> String {
        match Session::new().lower(sql).await {
            Ok(planned) => planned.plan.display_indent().to_string(),
            Err(error) => error.condition().to_string(),
        }
    }

    #[tokio::test]
    async fn only_what_depends_on_known_partitions_stands_between_fences() {
        let fences = async |sql| plan(sql).await.matches("Fence").count();
        assert_eq!(fences("SELECT id, rand(7) FROM range(0, 9, 1, 3)").await, 2);
        assert_eq!(fences("SELECT id FROM range(0, 9, 1, 3) WHERE id > 2").await, 0);
        assert_eq!(fences("SELECT id, rand(7) FROM range(9)").await, 0);
        assert_eq!(fences("SELECT a, rand(7) FROM t").await, 0);
        assert_eq!(fences("SELECT count(*), rand(7) FROM range(0, 9, 1, 3)").await, 0);
    }

    #[tokio::test]
    async fn the_parts_of_a_condition_are_filters_of_their_own() {
        let plan = plan("SELECT id FROM range(0, 9, 1, 3) WHERE id > 2 AND rand(7) < 0.5 AND id < 8").await;
        assert_eq!(plan.matches("Filter").count(), 3, "{plan}");
    }

    #[tokio::test]
    async fn the_number_of_a_partition_nobody_knows_is_refused() {
        for from in ["range(9)", "t", "(SELECT id FROM range(0, 9, 1, 3) ORDER BY id)", "range(0, 9, 1, 3) JOIN u"] {
            assert_eq!(plan(&format!("SELECT spark_partition_id() FROM {from}")).await, "UNSUPPORTED_FEATURE.FLOE");
        }
        let dealt = "SELECT spark_partition_id() FROM (SELECT /*+ REPARTITION(2) */ id FROM range(0, 9, 1, 3))";
        assert_eq!(plan(dealt).await, "UNSUPPORTED_FEATURE.FLOE");
    }
}
