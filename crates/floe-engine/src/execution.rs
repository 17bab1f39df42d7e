//! What running a statement gives back.

use std::pin::Pin;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use floe_backends::Forwarded;
use floe_base::{Error, Result};
use floe_route::Decision;
use futures::{Stream, StreamExt, TryStreamExt, stream};

/// Batches in the execution's schema, by the client's pace. Dropping the stream ends the work.
pub type Rows = Pin<Box<dyn Stream<Item = Result<RecordBatch>> + Send>>;

/// What comes of a statement.
pub enum Answer {
    Rows(Execution),
    /// A backend runs the client's own message: its answers as they came, for the wire alone to read.
    Forwarded(Forwarded),
}

impl Answer {
    /// # Errors
    /// When the statement was forwarded, which only what a client sent can be.
    pub fn rows(self) -> Result<Execution> {
        match self {
            Self::Rows(execution) => Ok(execution),
            Self::Forwarded(_) => Err(Error::internal("a statement that no client sent was forwarded")),
        }
    }
}

/// A statement that is running.
pub struct Execution {
    /// The client's names (they may repeat) and the types inside the engine: timestamps with local time zone are in UTC.
    pub schema: SchemaRef,
    pub rows: Rows,
    /// A command has done its work when this is handed out; its rows are in memory.
    pub is_command: bool,
    /// Where it runs and why; `None` for commands that only touch the session.
    pub decision: Option<Arc<Decision>>,
    /// `observe`: one row each, known at once because they are computed beside the query.
    pub observed: Vec<Observed>,
}

/// The metrics of one `observe`.
#[derive(Clone, Debug)]
pub struct Observed {
    pub name: String,
    pub plan_id: Option<i64>,
    /// One row.
    pub metrics: RecordBatch,
}

impl Execution {
    /// A command's result.
    pub(crate) fn command(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        let rows = Box::pin(stream::iter(batches.into_iter().map(Ok)));
        Self { schema, rows, is_command: true, decision: None, observed: Vec::new() }
    }

    /// A command that has nothing to tell: no columns, no rows.
    pub(crate) fn empty() -> Self {
        Self::command(Arc::new(arrow::datatypes::Schema::empty()), Vec::new())
    }

    /// One batch of a command's result.
    pub(crate) fn batch(batch: RecordBatch) -> Self {
        Self::command(batch.schema(), vec![batch])
    }

    /// All rows, in memory.
    pub async fn collect(self) -> Result<Vec<RecordBatch>> {
        self.rows.try_collect().await
    }

    /// All rows as one batch.
    pub async fn collect_one(self) -> Result<RecordBatch> {
        let schema = self.schema.clone();
        let batches: Vec<RecordBatch> = self.rows.boxed().try_collect().await?;
        Ok(arrow::compute::concat_batches(&schema, &batches)?)
    }
}
