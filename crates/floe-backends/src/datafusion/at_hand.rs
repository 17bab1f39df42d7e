//! Plans whose rows are there already: constants, what a command answers, a client's own data as it came.
//!
//! A client that asks whether anybody listens, and dbt that asks for the tables of a schema, get such rows all day. Their
//! batches are given by the thread that asks: handing the work to the threads for queries would take longer than the work.

use std::sync::Arc;

use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

/// Whether nothing is computed but which columns go where.
pub(super) fn is_at_hand(plan: &Arc<dyn ExecutionPlan>) -> bool {
    if plan.output_partitioning().partition_count() != 1 {
        return false;
    }
    let node = plan.as_any();
    if let Some(source) = node.downcast_ref::<DataSourceExec>() {
        return source.data_source().as_any().is::<MemorySourceConfig>();
    }
    if let Some(projection) = node.downcast_ref::<ProjectionExec>() {
        return projection.expr().iter().all(|column| is_plain(column.expr.as_any())) && is_at_hand(projection.input());
    }
    node.is::<PlaceholderRowExec>() || node.is::<EmptyExec>()
}

fn is_plain(expr: &dyn std::any::Any) -> bool {
    expr.is::<Column>() || expr.is::<Literal>()
}
