//! Operators that let go of their thread now and then, so that an interrupted plan ends soon and others get their turn.
//!
//! A task of the runtime can only be ended where it waits. DataFusion counts what its sources deliver and waits after
//! so many batches; but a few batches may keep a join, a generator or a slow function busy for minutes. So sources, and
//! operators that make many rows of few, look at the clock.

use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::unnest::UnnestExec;
use futures::{Stream, StreamExt, stream};

use super::slices;
use super::watched::{Watch, Watched};

/// How long a task may keep its thread.
const TURN: Duration = Duration::from_millis(10);

/// Operators that may give more batches than they take.
const MULTIPLYING: [&str; 5] =
    ["CrossJoinExec", "HashJoinExec", "NestedLoopJoinExec", "SortMergeJoinExec", "UnnestExec"];

/// The plan with pauses where it needs them.
pub(super) fn with_pauses(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let paused = plan.transform_up(|node| {
        let node = match node.children().as_slice() {
            [input] if node.as_any().is::<UnnestExec>() => {
                let input = slices::for_generator((*input).clone())?;
                node.with_new_children(vec![input])?
            }
            _ => node,
        };
        if node.children().is_empty() || MULTIPLYING.contains(&node.name()) {
            return Ok(Transformed::yes(Watched::plan(node, Pause)));
        }
        Ok(Transformed::no(node))
    });
    Ok(paused?.data)
}

/// Once its turn is over, the input stands back before it goes on.
#[derive(Clone, Debug)]
struct Pause;

impl Watch for Pause {
    const NAME: &'static str = "PauseExec";

    fn over(&self, mut batches: SendableRecordBatchStream) -> impl Stream<Item = Result<RecordBatch>> + Send + use<> {
        let mut since = Instant::now();
        stream::poll_fn(move |context| {
            if since.elapsed() > TURN {
                since = Instant::now();
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            batches.poll_next_unpin(context)
        })
    }
}
