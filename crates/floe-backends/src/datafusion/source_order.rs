//! Which plans show the order of their source, and how DataFusion is kept from dealing its batches out to all threads.
//!
//! SQL promises no order without ORDER BY, but Spark gives the rows of a client's own data and of `range` as they stand,
//! projected and filtered too, and users rely on it: a pandas frame comes back as it went. The groups of a small frame come
//! as their first rows did: on Spark nearly so (by the hash of their keys where a task has several), and documentation
//! and tests show them. `in_order.rs` puts the partitions of a result in order; what was dealt out batch by batch it could
//! not put together again.

use datafusion::catalog::MemTable;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::config::ConfigOptions;
use datafusion::datasource::source_as_provider;
use datafusion::functions_table::generate_series::GenerateSeriesTable;
use datafusion::logical_expr::{LogicalPlan, TableScan};
use floe_plan::is_fence;

/// Rows of all sources together, of which one thread makes less work than two that share it.
const FEW: usize = 4096;
/// Rows that their joins have at the most.
const FEW_JOINED: usize = 1 << 20;

/// Has one thread compute the rows that come one by one of a source with an order. That is projections and filters over
/// data that is made or at hand, and whatever has few rows; plans with more to do keep all threads.
pub(super) fn keep(plan: &LogicalPlan, options: &mut ConfigOptions) {
    if has_few_rows(plan) {
        options.execution.target_partitions = 1;
    } else if shows_its_source(plan) || has_fence(plan) {
        options.optimizer.enable_round_robin_repartition = false;
    }
}

/// Whether a plan reads few rows, all of them at hand, and makes no more of them but by joins.
fn has_few_rows(plan: &LogicalPlan) -> bool {
    let (mut read, mut joined, mut known) = (0_usize, 1_usize, true);
    let walked = plan.apply_with_subqueries(|node| {
        let rows = match node {
            LogicalPlan::TableScan(scan) => rows_at_hand(scan),
            LogicalPlan::Values(values) => Some(values.values.len()),
            LogicalPlan::EmptyRelation(_) => Some(1),
            LogicalPlan::Unnest(_) | LogicalPlan::Extension(_) | LogicalPlan::RecursiveQuery(_) => None,
            _ => return Ok(TreeNodeRecursion::Continue),
        };
        known &= rows.is_some();
        read = read.saturating_add(rows.unwrap_or(0));
        joined = joined.saturating_mul(rows.unwrap_or(1).max(1));
        Ok(if known { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    walked.is_ok() && known && read <= FEW && joined <= FEW_JOINED
}

/// The rows of a client's own data; nothing where somebody writes them just now.
fn rows_at_hand(scan: &TableScan) -> Option<usize> {
    let provider = source_as_provider(&scan.source).ok()?;
    let table = provider.as_any().downcast_ref::<MemTable>()?;
    let rows = |batches: &Vec<arrow::array::RecordBatch>| batches.iter().map(|batch| batch.num_rows()).sum::<usize>();
    table.batches.iter().map(|partition| Some(rows(&*partition.try_read().ok()?))).sum()
}

/// Whether a function counts the rows of its partitions: they must come in their order, whatever is made of them above.
fn has_fence(plan: &LogicalPlan) -> bool {
    let mut found = false;
    let walked = plan.apply_with_subqueries(|node| {
        found |= is_fence(node);
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    found || walked.is_err()
}

fn shows_its_source(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::TableScan(scan) => has_order(scan),
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Unnest(_) => plan.inputs().into_iter().all(shows_its_source),
        _ => false,
    }
}

/// Files come in many partitions of their own.
fn has_order(scan: &TableScan) -> bool {
    source_as_provider(&scan.source).is_ok_and(|provider| {
        let provider = provider.as_any();
        provider.is::<MemTable>() || provider.is::<GenerateSeriesTable>()
    })
}
