//! Joins of more than memory holds. A hash join keeps one side whole and cannot spill (DataFusion 53); where that side is
//! expected to be too large, the plan's joins sort both sides instead, which can.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::execution::memory_pool::MemoryLimit;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::HashJoinExec;

use super::row_bytes::row_bytes;
use super::wide_rows;

/// What the kept side of a join may take of the memory there is, in parts: its table of hashes comes on top, and others
/// want some too.
const KEPT_PART: usize = 4;

/// The plan as DataFusion runs it.
pub(super) async fn planned(state: &mut SessionState, plan: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
    let physical = wide_rows::planned(state, plan).await?;
    let MemoryLimit::Finite(limit) = state.runtime_env().memory_pool.memory_limit() else { return Ok(physical) };
    match most_kept(&physical)? {
        Some(bytes) if bytes > limit / KEPT_PART => sorted(state, plan).await,
        _ => Ok(physical),
    }
}

/// The plan with joins that sort both sides.
pub(super) async fn sorted(state: &mut SessionState, plan: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
    state.config_mut().options_mut().optimizer.prefer_hash_join = false;
    wide_rows::planned(state, plan).await
}

/// Whether a plan has joins that could sort instead.
pub(super) fn may_sort(plan: &Arc<dyn ExecutionPlan>) -> Result<bool> {
    Ok(most_kept(plan)?.is_some())
}

/// What the largest kept side of a join is known to take; `None` where there is no hash join, or one that minds NULLs
/// (NOT IN) and so has no other way.
fn most_kept(plan: &Arc<dyn ExecutionPlan>) -> Result<Option<usize>> {
    let mut most = None;
    let mut has_other_way = true;
    plan.apply(|node| {
        if let Some(join) = node.as_any().downcast_ref::<HashJoinExec>() {
            has_other_way &= !join.null_aware;
            most = most.max(Some(bytes_of(join.left().as_ref())?));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(most.filter(|_| has_other_way))
}

/// 0 where nobody knows. What is told of files is what they take on disk; in memory rows are wider.
fn bytes_of(plan: &dyn ExecutionPlan) -> Result<usize> {
    let statistics = plan.partition_statistics(None)?;
    let told = statistics.total_byte_size.get_value().copied().unwrap_or(0);
    let rows = statistics.num_rows.get_value().copied().unwrap_or(0);
    Ok(told.max(rows.saturating_mul(row_bytes(&plan.schema()))))
}
