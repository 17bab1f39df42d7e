//! How a recursion runs: DataFusion's own loop over a step that counts its rows and levels.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use async_trait::async_trait;
use datafusion::common::Result;
use datafusion::execution::context::{QueryPlanner, SessionState};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::recursive_query::RecursiveQueryExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, PlanProperties};
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use floe_base::{Error, Kind};
use floe_plan::{Recursion, RecursionLimits};
use futures::StreamExt;

/// DataFusion's planner, which also knows our operators.
#[derive(Debug)]
pub(super) struct Planner;

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(
        &self,
        logical_plan: &LogicalPlan,
        state: &SessionState,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(RecursionPlanner)]);
        planner.create_physical_plan(logical_plan, state).await
    }
}

struct RecursionPlanner;

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
        let step = Step { input: step.clone(), limits: node.limits, count: Arc::default() };
        let recursion = RecursiveQueryExec::try_new(node.name.clone(), anchor.clone(), Arc::new(step), false)?;
        Ok(Some(Arc::new(recursion)))
    }
}

/// One step of a recursion; each execution is a level.
#[derive(Debug)]
struct Step {
    input: Arc<dyn ExecutionPlan>,
    limits: RecursionLimits,
    /// Shared by the copies the loop makes of the plan for each level.
    count: Arc<Count>,
}

#[derive(Debug, Default)]
struct Count {
    levels: AtomicU64,
    rows: AtomicU64,
}

impl DisplayAs for Step {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecursionStepExec")
    }
}

impl ExecutionPlan for Step {
    fn name(&self) -> &'static str {
        "RecursionStepExec"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![Distribution::SinglePartition]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.into_iter().next().unwrap_or_else(|| self.input.clone());
        Ok(Arc::new(Self { input, limits: self.limits, count: self.count.clone() }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let level = self.count.levels.fetch_add(1, Ordering::Relaxed) + 1;
        let (limits, count) = (self.limits, self.count.clone());
        let batches = self.input.execute(partition, context)?;
        let checked = batches.map(move |batch| {
            let batch = batch?;
            count.check(&batch, level, limits)?;
            Ok(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), checked)))
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
