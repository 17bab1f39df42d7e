//! Joins of two small tables, with their rows in the order Spark gives them.
//!
//! Spark 4.1 broadcasts the side of a small join that its kind allows and walks through the other row by row: the rows of
//! `a LEFT JOIN b` stand as `a`'s do, those of `a CROSS JOIN b` begin with all that meet `a`'s first. SQL promises none of
//! this, and every page and test that shows a small frame relies on it. DataFusion walks through its right side, and tells
//! the sides by size; for sides this small either choice is as quick.
//!
//! Not here: joins of more (`joins.rs`, DataFusion's own rule), the order of groups (`source_order.rs`).

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinType, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalSortExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::join_selection::JoinSelection;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, PartitionMode, SortMergeJoinExec,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::StreamExt;

/// Rows of each side, at most.
const ROWS: usize = 1_000;

/// DataFusion's rule, but for plans on one thread whose joins are all small.
#[derive(Debug, Default)]
pub(super) struct SmallJoins(JoinSelection);

impl PhysicalOptimizerRule for SmallJoins {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        // What is known of files is a guess; a plan on one thread has its rows at hand (`source_order.rs`).
        if config.execution.target_partitions > 1 || !all_are_small(&plan)? {
            return self.0.optimize(plan, config);
        }
        let sided = plan.transform_up(|node| match sided(&node)? {
            Some(join) => Ok(Transformed::yes(join)),
            None => Ok(Transformed::no(node)),
        });
        Ok(sided?.data)
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

/// Whether there is a join, and every one of them is of a kind known here and has little on both sides.
fn all_are_small(plan: &Arc<dyn ExecutionPlan>) -> Result<bool> {
    let (mut some, mut all) = (false, true);
    plan.apply(|node| {
        let any = node.as_any();
        let known = if let Some(join) = any.downcast_ref::<HashJoinExec>() {
            join.join_type != JoinType::Full && !join.null_aware
        } else if any.is::<CrossJoinExec>() {
            true
        } else if any.is::<NestedLoopJoinExec>() || any.is::<SortMergeJoinExec>() {
            false
        } else {
            return Ok(TreeNodeRecursion::Continue);
        };
        some = true;
        all &= known && node.children().into_iter().all(|side| is_small(side.as_ref()));
        Ok(if all { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    })?;
    Ok(some && all)
}

fn is_small(side: &dyn ExecutionPlan) -> bool {
    let rows = side.partition_statistics(None).ok().and_then(|told| told.num_rows.get_value().copied());
    rows.is_some_and(|rows| rows <= ROWS)
}

/// A join by keys with the side on its right that Spark walks through. Without keys it is the left one as it stands.
fn sided(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(join) = node.as_any().downcast_ref::<HashJoinExec>() else { return Ok(None) };
    let walks_left = match join.join_type {
        JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => true,
        // Spark keeps the smaller side, and the right one of two of a size.
        JoinType::Inner => size(join.right().as_ref()) <= size(join.left().as_ref()),
        _ => false,
    };
    if !walks_left {
        return numbered(join).map(Some);
    }
    // With a projection of its own a join is turned into one join, without one into a join and a projection.
    let turned = match join.join_type {
        JoinType::Left | JoinType::Inner => join.builder().with_projection(Some(shown(join))).build()?,
        _ => join.builder().build()?,
    };
    let turned = turned.swap_inputs(PartitionMode::CollectLeft)?;
    match turned.as_any().downcast_ref::<HashJoinExec>() {
        Some(turned) => numbered(turned).map(Some),
        None => Ok(Some(turned)),
    }
}

/// The columns the join shows, of those of both its sides.
fn shown(join: &HashJoinExec) -> Vec<usize> {
    join.projection.as_ref().map_or_else(|| (0..join.schema().fields().len()).collect(), |kept| kept.to_vec())
}

/// As Spark reckons it: eight bytes for a row, and what a value of each type takes (`EstimationUtils.getSizePerRow`).
fn size(side: &dyn ExecutionPlan) -> usize {
    const TEXT: usize = 20;
    let rows = side.partition_statistics(None).ok().and_then(|told| told.num_rows.get_value().copied()).unwrap_or(0);
    let width = |field: &Arc<Field>| field.data_type().primitive_width().unwrap_or(TEXT);
    rows * (8 + side.schema().fields().iter().map(width).sum::<usize>())
}

/// The join that keeps its left side whole. Rows of the right one without a partner would come last, were its order not
/// known to be one: so it has one, by a number for each row, which the join leaves behind.
fn numbered(join: &HashJoinExec) -> Result<Arc<dyn ExecutionPlan>> {
    if join.join_type != JoinType::Right {
        return Ok(Arc::new(join.builder().with_partition_mode(PartitionMode::CollectLeft).build()?));
    }
    let join = HashJoinExec::try_new(
        Arc::clone(join.left()),
        Numbered::over(join.right()),
        join.on().to_vec(),
        join.filter().cloned(),
        &join.join_type,
        Some(shown(join)),
        PartitionMode::CollectLeft,
        join.null_equality,
        join.null_aware,
    )?;
    Ok(Arc::new(join))
}

/// The input with the number of each row after its columns.
#[derive(Debug)]
struct Numbered {
    input: Arc<dyn ExecutionPlan>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl Numbered {
    fn over(input: &Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
        let mut fields = input.schema().fields().to_vec();
        fields.push(Arc::new(Field::new(NUMBER, DataType::UInt64, false)));
        let schema = Arc::new(Schema::new(fields));
        let number = Arc::new(Column::new(NUMBER, schema.fields().len() - 1));
        let mut equivalences = EquivalenceProperties::new(Arc::clone(&schema));
        equivalences.add_ordering([PhysicalSortExpr::new_default(number)]);
        let below = input.properties();
        let partitions = Partitioning::UnknownPartitioning(below.partitioning.partition_count());
        let properties = PlanProperties::new(equivalences, partitions, below.emission_type, below.boundedness);
        Arc::new(Self { input: Arc::clone(input), schema, properties: Arc::new(properties) })
    }
}

/// No column of a plan has a name like it: theirs are numbers.
const NUMBER: &str = "number of the row";

impl DisplayAs for Numbered {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ExecutionPlan for Numbered {
    fn name(&self) -> &'static str {
        "NumberedExec"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Self::over(children.first().unwrap_or(&self.input)))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (schema, mut next) = (Arc::clone(&self.schema), 0_u64);
        let batches = self.input.execute(partition, context)?.map(move |batch| {
            let batch = batch?;
            let from = next;
            next += batch.num_rows() as u64;
            let numbers: ArrayRef = Arc::new(UInt64Array::from_iter_values(from..next));
            let columns = batch.columns().iter().cloned().chain([numbers]).collect();
            Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches)))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int32Array};
    use arrow::datatypes::Int32Type;
    use datafusion::catalog::MemTable;
    use datafusion::datasource::provider_as_source;
    use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
    use datafusion::physical_plan::collect;

    use super::*;
    use crate::datafusion::Config;
    use crate::memory::Budget;

    fn table(name: &str, values: &[i32]) -> LogicalPlanBuilder {
        let values: ArrayRef = Arc::new(Int32Array::from(values.to_vec()));
        let batch = RecordBatch::try_from_iter([(name, values)]).expect("rows");
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).expect("a table");
        LogicalPlanBuilder::scan(format!("t{name}"), provider_as_source(Arc::new(table)), None).expect("a scan")
    }

    /// The rows of the plan; a missing partner is a zero.
    async fn rows(plan: LogicalPlan) -> Vec<Vec<i32>> {
        let config = Config { memory: Budget::new(1 << 30), spill_dir: None, spill_bytes: 1 << 30, threads: 1 };
        let state = config.state(config.runtime().expect("a runtime"));
        let physical = state.create_physical_plan(&plan).await.expect("a plan");
        let physical = crate::datafusion::in_order::in_order(physical).expect("one partition");
        let batches = collect(physical, state.task_ctx()).await.expect("rows");
        let row = |batch: &RecordBatch, row: usize| {
            let value = |column: &ArrayRef| column.as_primitive::<Int32Type>().iter().nth(row).flatten().unwrap_or(0);
            batch.columns().iter().map(value).collect()
        };
        batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|at| row(batch, at)).collect::<Vec<_>>()).collect()
    }

    #[tokio::test]
    async fn rows_stand_as_those_of_the_side_that_spark_walks_through() {
        let joined = |kind| {
            let keys = (vec!["a"], vec!["b"]);
            let plan = table("a", &[3, 1, 4, 5]).join(table("b", &[4, 9, 3]).build().expect("b"), kind, keys, None);
            plan.expect("a join").build().expect("a plan")
        };
        assert_eq!(rows(joined(JoinType::Left)).await, [[3, 3], [1, 0], [4, 4], [5, 0]]);
        assert_eq!(rows(joined(JoinType::Right)).await, [[4, 4], [0, 9], [3, 3]]);
        assert_eq!(rows(joined(JoinType::Inner)).await, [[3, 3], [4, 4]]);
        assert_eq!(rows(joined(JoinType::LeftAnti)).await, [[1], [5]]);
        let crossed = table("a", &[2, 1]).cross_join(table("b", &[7, 6, 8]).build().expect("b"));
        let crossed = crossed.expect("a join").build().expect("a plan");
        assert_eq!(rows(crossed).await, [[2, 7], [2, 6], [2, 8], [1, 7], [1, 6], [1, 8]]);
    }
}
