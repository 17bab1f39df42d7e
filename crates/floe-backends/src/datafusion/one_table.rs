//! Joins of a side that is small beside the other: one table of hashes that all threads look into.
//!
//! DataFusion deals out both sides of a join by hash once the kept one takes more than a megabyte: every row of the other
//! side is hashed, copied to the thread that has its part, and hashed again there. One thread that makes the whole table
//! takes as long as all of them do for their parts, times their number, and then the other side stays where it was read.
//! That is worth it as long as the other side is so many times larger; measured with 10 and with 2 million rows kept of 10
//! times as many, on two threads, it takes four fifths of the time.
//!
//! Not here: which side is kept (DataFusion's `JoinSelection`), and joins of two small sides (`small_joins.rs`).

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::projection::ProjectionExec;

/// How many rows may be looked up in the time it takes to keep one.
const LOOKED_UP: usize = 4;

/// The rule. It comes after the one that chooses sides, and before rows are dealt out.
#[derive(Debug, Default)]
pub(super) struct OneTable;

impl PhysicalOptimizerRule for OneTable {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let threads = config.execution.target_partitions;
        let shared = plan.transform_up(|node| match node.as_any().downcast_ref::<HashJoinExec>() {
            Some(join)
                if join.partition_mode() == &PartitionMode::Partitioned
                    && !is_grouped(join.right())
                    && is_small(join, threads)? =>
            {
                let join = join.builder().with_partition_mode(PartitionMode::CollectLeft).build()?;
                Ok(Transformed::yes(Arc::new(join) as Arc<dyn ExecutionPlan>))
            }
            _ => Ok(Transformed::no(node)),
        });
        Ok(shared?.data)
    }

    fn name(&self) -> &'static str {
        "OneTable"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Whether a side is one of groups, which are dealt out by their keys already.
fn is_grouped(side: &Arc<dyn ExecutionPlan>) -> bool {
    let any = side.as_any();
    match side.children().as_slice() {
        [below] if any.is::<ProjectionExec>() || any.is::<FilterExec>() => is_grouped(below),
        _ => any.is::<AggregateExec>(),
    }
}

/// Whether the kept side is small enough beside the other. Nothing is small where nobody knows how many rows there are.
fn is_small(join: &HashJoinExec, threads: usize) -> Result<bool> {
    let rows = |side: &Arc<dyn ExecutionPlan>| -> Result<Option<usize>> {
        Ok(side.partition_statistics(None)?.num_rows.get_value().copied())
    };
    let (Some(kept), Some(other)) = (rows(join.left())?, rows(join.right())?) else { return Ok(false) };
    Ok(kept.saturating_mul(threads.saturating_sub(1)).saturating_mul(LOOKED_UP) <= other)
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, RecordBatch};
    use datafusion::common::{JoinType, NullEquality};
    use datafusion::datasource::memory::MemorySourceConfig;
    use datafusion::physical_expr::expressions::col;

    use super::*;

    fn table(rows: i64) -> Arc<dyn ExecutionPlan> {
        let keys = Arc::new(Int64Array::from_iter_values(0..rows)) as _;
        let batch = RecordBatch::try_from_iter([("k", keys)]).expect("rows");
        let schema = batch.schema();
        MemorySourceConfig::try_new_exec(&[vec![batch]], schema, None).expect("a table")
    }

    /// How a join of so many rows, the first of them kept, is run by so many threads.
    fn mode(kept: i64, other: i64, threads: usize) -> PartitionMode {
        let (left, right) = (table(kept), table(other));
        let on = vec![(col("k", &left.schema()).expect("k"), col("k", &right.schema()).expect("k"))];
        let equal = NullEquality::NullEqualsNothing;
        let join = HashJoinExec::try_new(
            left,
            right,
            on,
            None,
            &JoinType::Inner,
            None,
            PartitionMode::Partitioned,
            equal,
            false,
        );
        let mut config = ConfigOptions::default();
        config.execution.target_partitions = threads;
        let plan = OneTable.optimize(Arc::new(join.expect("a join")), &config).expect("a plan");
        *plan.as_any().downcast_ref::<HashJoinExec>().expect("a join").partition_mode()
    }

    #[test]
    fn one_thread_keeps_a_side_that_is_small_beside_the_other() {
        assert_eq!(mode(100, 400, 2), PartitionMode::CollectLeft);
        assert_eq!(mode(101, 400, 2), PartitionMode::Partitioned);
        assert_eq!(mode(100, 400, 8), PartitionMode::Partitioned, "seven others would wait for it");
        assert_eq!(mode(100, 2800, 8), PartitionMode::CollectLeft);
    }
}
