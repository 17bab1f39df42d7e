//! A running operation: what a client may interrupt.

use std::fmt;
use std::sync::Arc;

use floe_backends::spark::Wire;
use floe_base::{Error, Result};
use floe_syntax::Message;
use tokio_util::sync::CancellationToken;

use crate::threads::canceled;

/// What a client sent, and who can read the rest of what it sent before: for a backend that takes it whole.
#[derive(Clone)]
pub struct Sent {
    pub message: Arc<Message>,
    pub wire: Arc<dyn Wire>,
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent").field("bytes", &self.message.bytes.len()).finish_non_exhaustive()
    }
}

/// One request while it runs. Clones are the same operation.
#[derive(Clone, Debug)]
pub struct Operation {
    pub id: String,
    pub tags: Vec<String>,
    /// The dbt node it runs for, where the statement's comment names one.
    pub node_id: Option<String>,
    /// `None` where it came by no wire.
    pub sent: Option<Sent>,
    token: CancellationToken,
}

impl Operation {
    pub fn new(id: String, tags: Vec<String>, node_id: Option<String>, sent: Option<Sent>) -> Self {
        Self { id, tags, node_id, sent, token: CancellationToken::new() }
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
