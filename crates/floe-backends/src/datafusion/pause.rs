//! Operators that let go of their thread now and then, so that an interrupted plan ends soon and others get their turn.
//!
//! A task of the runtime can only be ended where it waits. DataFusion counts what its sources deliver and waits after
//! so many batches; but a few batches may keep a join, a generator or a slow function busy for minutes. So sources, and
//! operators that make many rows of few, look at the clock.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{StreamExt, stream};

/// How long a task may keep its thread.
const TURN: Duration = Duration::from_millis(10);

/// Operators that may give more batches than they take.
const MULTIPLYING: [&str; 5] =
    ["CrossJoinExec", "HashJoinExec", "NestedLoopJoinExec", "SortMergeJoinExec", "UnnestExec"];

/// The plan with pauses where it needs them.
pub(super) fn with_pauses(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let paused = plan.transform_up(|node| {
        if node.children().is_empty() || MULTIPLYING.contains(&node.name()) {
            return Ok(Transformed::yes(Arc::new(Pause { input: node }) as Arc<dyn ExecutionPlan>));
        }
        Ok(Transformed::no(node))
    });
    Ok(paused?.data)
}

/// The input's batches; once its turn is over, it stands back before it goes on.
#[derive(Debug)]
struct Pause {
    input: Arc<dyn ExecutionPlan>,
}

impl DisplayAs for Pause {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PauseExec")
    }
}

impl ExecutionPlan for Pause {
    fn name(&self) -> &'static str {
        "PauseExec"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.into_iter().next().unwrap_or_else(|| self.input.clone());
        Ok(Arc::new(Self { input }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let mut batches = self.input.execute(partition, context)?;
        let mut since = Instant::now();
        let paused = stream::poll_fn(move |context| {
            if since.elapsed() > TURN {
                since = Instant::now();
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            batches.poll_next_unpin(context)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), paused)))
    }
}
