//! How a fence runs: batches pass it, and an operator of the engine does not.
//!
//! The engine moves filters and projections past one another when it plans how they run, as it does before. What it keeps
//! in order below a fence is in `source_order.rs`.

use std::sync::Arc;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use floe_plan::Fence;
use futures::Stream;

use super::watched::{Watch, Watched};

/// Plans a fence.
pub(super) struct FencePlanner;

#[async_trait]
impl ExtensionPlanner for FencePlanner {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        _: &SessionState,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        match inputs {
            [input] if node.as_any().is::<Fence>() => Ok(Some(Watched::plan(Arc::clone(input), Closed))),
            _ => Ok(None),
        }
    }
}

/// The operator nothing crosses (`floe-plan/src/by_partition/fence.rs`).
#[derive(Clone, Debug)]
struct Closed;

impl Watch for Closed {
    const NAME: &'static str = "FenceExec";

    fn over(&self, batches: SendableRecordBatchStream) -> impl Stream<Item = Result<RecordBatch>> + Send + use<> {
        batches
    }
}
