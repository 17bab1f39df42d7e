//! How a recursion runs: DataFusion's own loop over a step that counts its rows and levels.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use async_trait::async_trait;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::recursive_query::RecursiveQueryExec;
use datafusion::physical_plan::{Distribution, ExecutionPlan};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use floe_base::{Error, Kind};
use floe_plan::{Recursion, RecursionLimits};
use futures::{Stream, StreamExt};

use super::watched::{Watch, Watched};

/// Plans a recursion.
pub(super) struct RecursionPlanner;

#[async_trait]
impl ExtensionPlanner for RecursionPlanner {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        _: &SessionState,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let (Some(node), [anchor, step]) = (node.as_any().downcast_ref::<Recursion>(), inputs) else {
            return Ok(None);
        };
        let step = Watched::plan(step.clone(), Step { limits: node.limits, count: Arc::default() });
        let recursion = RecursiveQueryExec::try_new(node.name.clone(), anchor.clone(), step, false)?;
        Ok(Some(Arc::new(recursion)))
    }
}

/// One step of a recursion; each execution is a level.
#[derive(Clone, Debug)]
struct Step {
    limits: RecursionLimits,
    /// Shared by the copies the loop makes of the plan for each level.
    count: Arc<Count>,
}

#[derive(Debug, Default)]
struct Count {
    levels: AtomicU64,
    rows: AtomicU64,
}

impl Watch for Step {
    const NAME: &'static str = "RecursionStepExec";

    fn distribution(&self) -> Distribution {
        Distribution::SinglePartition
    }

    fn over(&self, batches: SendableRecordBatchStream) -> impl Stream<Item = Result<RecordBatch>> + Send + use<> {
        let level = self.count.levels.fetch_add(1, Ordering::Relaxed) + 1;
        let (limits, count) = (self.limits, self.count.clone());
        batches.map(move |batch| {
            let batch = batch?;
            count.check(&batch, level, limits)?;
            Ok(batch)
        })
    }
}

impl Count {
    fn check(&self, batch: &RecordBatch, level: u64, limits: RecursionLimits) -> Result<()> {
        let added = u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
        let rows = self.rows.fetch_add(added, Ordering::Relaxed).saturating_add(added);
        if let Some(most) = limits.levels.filter(|most| level >= *most && added > 0) {
            return Err(exceeded("RECURSION_LEVEL_LIMIT_EXCEEDED", "levelLimit", most));
        }
        if let Some(most) = limits.rows.filter(|most| rows > *most) {
            return Err(exceeded("RECURSION_ROW_LIMIT_EXCEEDED", "rowLimit", most));
        }
        Ok(())
    }
}

fn exceeded(condition: &str, parameter: &str, most: u64) -> datafusion::common::DataFusionError {
    Error::new(Kind::Operation, condition).with(parameter, most.to_string()).into()
}
