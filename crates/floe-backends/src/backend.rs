//! The trait every backend stands behind.

use std::fmt::Debug;
use std::pin::Pin;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use floe_base::Result;
use floe_base::id::BackendId;
use floe_plan::Planned;
use floe_route::Capability;
use futures::Stream;

/// Batches as they are computed. Dropping the stream ends the work behind it.
pub type Batches = Pin<Box<dyn Stream<Item = Result<RecordBatch>> + Send>>;

/// One run of a plan as its backend sees it.
#[derive(Clone, Debug)]
pub struct Run {
    pub operation_id: String,
}

/// An engine that runs plans.
#[async_trait]
pub trait Backend: Send + Sync + Debug {
    fn id(&self) -> BackendId;

    /// What the router may count on.
    fn capability(&self) -> Capability;

    /// What speaks against this very plan, if anything: something in it that does not mean the same there.
    fn objection(&self, _planned: &Planned) -> Option<String> {
        None
    }

    /// Runs a plan; columns come in the plan's order, under any names.
    async fn execute(&self, planned: &Planned, run: &Run) -> Result<Batches>;

    /// The backend's own plan as text, for EXPLAIN.
    async fn explain(&self, planned: &Planned) -> Result<String>;
}
