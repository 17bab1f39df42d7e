//! An operator between two others, which only looks after the batches that pass.

use std::any::Any;
use std::fmt::{self, Debug};
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, PlanProperties};
use futures::Stream;

use arrow::array::RecordBatch;

/// What is done to the batches that pass. A plan may be copied and run many times, and the watch with it.
pub(super) trait Watch: Clone + Debug + Send + Sync + 'static {
    /// The operator's name in a plan.
    const NAME: &'static str;

    fn distribution(&self) -> Distribution {
        Distribution::UnspecifiedDistribution
    }

    /// The same batches, watched.
    fn over(
        &self,
        batches: SendableRecordBatchStream,
    ) -> impl Stream<Item = Result<RecordBatch>> + Send + 'static + use<Self>;
}

/// An input and what watches it.
#[derive(Debug)]
pub(super) struct Watched<W> {
    input: Arc<dyn ExecutionPlan>,
    watch: W,
}

impl<W: Watch> Watched<W> {
    pub(super) fn plan(input: Arc<dyn ExecutionPlan>, watch: W) -> Arc<dyn ExecutionPlan> {
        Arc::new(Self { input, watch })
    }
}

impl<W: Watch> DisplayAs for Watched<W> {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(W::NAME)
    }
}

impl<W: Watch> ExecutionPlan for Watched<W> {
    fn name(&self) -> &'static str {
        W::NAME
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![self.watch.distribution()]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.into_iter().next().unwrap_or_else(|| self.input.clone());
        Ok(Self::plan(input, self.watch.clone()))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let batches = self.watch.over(self.input.execute(partition, context)?);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}
