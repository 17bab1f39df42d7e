//! A running operation: what a client may interrupt.

use floe_base::{Error, Result};
use tokio_util::sync::CancellationToken;

use crate::threads::canceled;

/// One request while it runs. Clones are the same operation.
#[derive(Clone, Debug)]
pub struct Operation {
    pub id: String,
    pub tags: Vec<String>,
    /// The dbt node it runs for, where the statement's comment names one.
    pub node_id: Option<String>,
    token: CancellationToken,
}

impl Operation {
    pub fn new(id: String, tags: Vec<String>, node_id: Option<String>) -> Self {
        Self { id, tags, node_id, token: CancellationToken::new() }
    }

    pub fn interrupt(&self) {
        self.token.cancel();
    }

    /// Waits for the work, or for the interrupt, whichever comes first.
    pub async fn unless_interrupted<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.token.cancelled() => Err(self.error()),
            done = work => done,
        }
    }

    pub fn is_interrupted(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Ready once the operation is interrupted.
    pub async fn interrupted(&self) {
        self.token.cancelled().await;
    }

    /// Spark's `OPERATION_CANCELED`.
    pub fn error(&self) -> Error {
        canceled().with("operationId", &self.id)
    }
}
