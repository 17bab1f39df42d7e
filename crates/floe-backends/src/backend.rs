//! The trait every backend stands behind.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use bytes::Bytes;
use floe_base::id::BackendId;
use floe_base::{Error, Result};
use floe_plan::Planned;
use floe_route::{Capability, Facts, Opinion};
use floe_syntax::Message;
use futures::Stream;

use crate::spark::{State, Upstream};

/// Batches as they are computed. Dropping the stream ends the work behind it.
pub type Batches = Pin<Box<dyn Stream<Item = Result<RecordBatch>> + Send>>;

/// A client's answers as the backend gave them; opaque to everyone but the wire. Dropping the stream interrupts the
/// operation behind it, unless it has ended.
pub type Forwarded = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// What a backend is given.
pub enum Work<'a> {
    /// A resolved plan.
    Plan(&'a Planned),
    /// A client's own message, for a backend whose capability says that it takes it, and what it needs there.
    Message { message: &'a Arc<Message>, state: State, upstream: &'a Arc<Upstream> },
}

impl<'a> Work<'a> {
    /// The plan to be run.
    ///
    /// # Errors
    /// When it is a client's message, which only a backend takes that says so: a mistake of ours.
    pub fn plan(self) -> Result<&'a Planned> {
        match self {
            Self::Plan(planned) => Ok(planned),
            Self::Message { .. } => Err(Error::internal("a client's message was given to an engine that takes plans")),
        }
    }
}

/// What a backend gives back.
pub enum Outcome {
    /// Columns in the plan's order, under any names.
    Batches(Batches),
    /// A value raised before any row was handed over, by rules that need not be Spark's: DataFusion is to be asked the same
    /// question, and its answer, rows or error, is Spark's.
    Raised(Error),
    Forwarded(Forwarded),
}

impl Outcome {
    /// The rows of a plan.
    ///
    /// # Errors
    /// What a value raised; and when the backend forwarded a message instead, a mistake of ours.
    pub fn batches(self) -> Result<Batches> {
        match self {
            Self::Batches(batches) => Ok(batches),
            Self::Raised(error) => Err(error),
            Self::Forwarded(_) => Err(Error::internal("a plan was forwarded as a message")),
        }
    }
}

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

    /// What it says of this very plan.
    fn opinion(&self, _planned: &Planned, _facts: &Facts) -> Opinion {
        Opinion::default()
    }

    /// How many of the plan's tables it has ready by itself: with others the plan takes other times.
    fn held(&self, _planned: &Planned) -> u64 {
        0
    }

    /// Runs what it is given.
    async fn execute(&self, work: Work<'_>, run: &Run) -> Result<Outcome>;

    /// The backend's own plan as text, for EXPLAIN.
    async fn explain(&self, work: Work<'_>) -> Result<String>;
}
