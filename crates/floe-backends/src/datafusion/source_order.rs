//! Which plans show the order of their source, and how DataFusion is kept from dealing its batches out to all threads.
//!
//! SQL promises no order without ORDER BY, but Spark gives the rows of a client's own data and of `range` as they stand,
//! projected and filtered too, and users rely on it: a pandas frame comes back as it went. `in_order.rs` puts the
//! partitions of a result in order; what was dealt out batch by batch it could not put together again.

use datafusion::catalog::MemTable;
use datafusion::config::ConfigOptions;
use datafusion::datasource::source_as_provider;
use datafusion::functions_table::generate_series::GenerateSeriesTable;
use datafusion::logical_expr::{LogicalPlan, TableScan};

/// Has one thread compute the rows that come one by one of a source with an order. That is projections and filters over
/// data that is made or at hand; plans with more to do keep all threads.
pub(super) fn keep(plan: &LogicalPlan, options: &mut ConfigOptions) {
    if shows_its_source(plan) {
        options.optimizer.enable_round_robin_repartition = false;
    }
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
