//! Joins of tables of which no row is left out before: every row of one side looks for its own in all of the other.
//!
//! How long that takes depends on how many rows are looked through, and an engine's way with a large side shows there as
//! nowhere else. Where a filter stands below, nobody knows how many rows are left; such joins are not told.

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::{LogicalPlan, TableScan};
use floe_route::WholeJoin;

/// The joins of a plan, subqueries included; `rows_of` is about how many rows a scan gives.
pub(crate) fn whole_joins(plan: &LogicalPlan, rows_of: &dyn Fn(&TableScan) -> u64) -> Vec<WholeJoin> {
    let mut found = Vec::new();
    let _ = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Join(join) = node
            && !join.on.is_empty()
            && let (Some(left), Some(right)) = (rows(&join.left, rows_of), rows(&join.right, rows_of))
        {
            found.push(WholeJoin { rows: left.max(right), with: left.min(right) });
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

/// The rows of a side; `None` where some may be left out, or put together.
fn rows(plan: &LogicalPlan, rows_of: &dyn Fn(&TableScan) -> u64) -> Option<u64> {
    match plan {
        LogicalPlan::TableScan(scan) => Some(rows_of(scan)),
        LogicalPlan::Projection(projection) => rows(&projection.input, rows_of),
        LogicalPlan::SubqueryAlias(alias) => rows(&alias.input, rows_of),
        LogicalPlan::Join(join) if !join.on.is_empty() => {
            Some(rows(&join.left, rows_of)?.max(rows(&join.right, rows_of)?))
        }
        _ => None,
    }
}
