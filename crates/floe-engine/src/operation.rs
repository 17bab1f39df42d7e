//! A running operation: what a client may interrupt.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    /// A Spark gave its rows already: what is left of it is not for one.
    is_fed: Arc<AtomicBool>,
}

impl Operation {
    pub fn new(id: String, tags: Vec<String>, node_id: Option<String>, sent: Option<Sent>) -> Self {
        Self { id, tags, node_id, sent, token: CancellationToken::new(), is_fed: Arc::default() }
    }

    pub(crate) fn feed(&self) {
        self.is_fed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_fed(&self) -> bool {
        self.is_fed.load(Ordering::Relaxed)
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
