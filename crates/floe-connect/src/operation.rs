//! One `ExecutePlan` from admission to release.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use floe_base::{Error, Kind, Result};
use floe_proto::connect::get_status_response::operation_status::OperationState;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::stream::{ResponseLog, Segment};

/// A reattachable operation nobody is attached to is given up after this time, as in Spark.
pub(crate) const DETACHED_MAX: Duration = Duration::from_secs(300);

/// What makes two requests the same: the plan's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlanHash([u8; 32]);

impl PlanHash {
    /// The plan as it stands in an `ExecutePlanRequest` (field 3).
    pub(crate) fn of(request: &Bytes) -> Self {
        let mut hasher = Sha256::new();
        for plan in floe_proto::wire::field(request, 3) {
            hasher.update(&plan);
        }
        Self(hasher.finalize().into())
    }
}

/// An operation. Its task writes to `log`; clients read from it.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) tags: Vec<String>,
    pub(crate) reattachable: bool,
    pub(crate) log: Arc<ResponseLog>,
    plan: PlanHash,
    cancel: CancellationToken,
    state: Mutex<OperationState>,
}

impl Operation {
    pub(crate) fn new(
        id: String,
        tags: Vec<String>,
        reattachable: bool,
        plan: PlanHash,
        segment: Segment,
    ) -> Arc<Self> {
        Arc::new(Self {
            id,
            tags,
            reattachable,
            log: ResponseLog::new(reattachable, segment),
            plan,
            cancel: CancellationToken::new(),
            state: Mutex::new(OperationState::Running),
        })
    }

    pub(crate) fn is_of(&self, plan: &PlanHash) -> bool {
        self.plan == *plan
    }

    pub(crate) fn state(&self) -> OperationState {
        *self.state.lock()
    }

    pub(crate) fn is_running(&self) -> bool {
        matches!(self.state(), OperationState::Running | OperationState::Terminating)
    }

    /// Asks the operation to stop; true when it was running.
    pub(crate) fn interrupt(&self) -> bool {
        let mut state = self.state.lock();
        let was_running = matches!(*state, OperationState::Running | OperationState::Terminating);
        if was_running {
            *state = OperationState::Terminating;
            self.cancel.cancel();
        }
        was_running
    }

    /// Ready once the operation is asked to stop.
    pub(crate) async fn interrupted(&self) {
        self.cancel.cancelled().await;
    }

    /// Spark's error for an operation that was stopped.
    pub(crate) fn canceled(&self) -> Error {
        Error::new(Kind::Operation, "OPERATION_CANCELED").with("operationId", &self.id)
    }

    /// Notes how it ended, and tells whoever is attached.
    pub(crate) fn finish(&self, result: Result<(), Status>) {
        let mut state = self.state.lock();
        *state = match (&result, *state) {
            (Ok(()), _) => OperationState::Succeeded,
            (Err(_), OperationState::Terminating) => OperationState::Cancelled,
            (Err(_), _) => OperationState::Failed,
        };
        drop(state);
        self.log.end(result);
    }

    /// True when nobody has come back for it in time.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.log.detached_for().is_some_and(|time| time > DETACHED_MAX)
    }
}

/// Tags are words of the client's: not empty, no comma (Spark keeps them as a list with commas).
///
/// # Errors
/// `IllegalArgumentException`, with Spark's text.
pub(crate) fn check_tags(tags: &[String]) -> Result<()> {
    for tag in tags {
        if tag.is_empty() {
            return Err(Error::message(Kind::IllegalArgument, "Spark Connect tag cannot be an empty string."));
        }
        if tag.contains(',') {
            return Err(Error::message(Kind::IllegalArgument, "Spark Connect tag cannot contain ','."));
        }
    }
    Ok(())
}

/// Ids are UUIDs.
///
/// # Errors
/// `INVALID_HANDLE.FORMAT`.
pub(crate) fn check_handle(id: &str) -> Result<()> {
    match uuid::Uuid::try_parse(id) {
        Ok(_) if id.len() == 36 => Ok(()),
        _ => Err(handle_error("FORMAT", id)),
    }
}

pub(crate) fn handle_error(sub: &str, handle: &str) -> Error {
    Error::new(Kind::Operation, format!("INVALID_HANDLE.{sub}")).with("handle", handle)
}
