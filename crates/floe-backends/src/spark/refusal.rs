//! What a Spark refuses, kept byte for byte: its client must read it as if it had asked there itself.

use std::fmt;

use bytes::Bytes;
use floe_base::{Error, Kind};
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// A gRPC status of the Spark's. Nobody between it and the client looks inside.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub code: i32,
    pub message: String,
    pub details: Bytes,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// The refusal an error stands for, if it does.
    pub fn of(error: &Error) -> Option<&Self> {
        std::error::Error::source(error)?.downcast_ref()
    }
}

/// A status as an error; what our own connection met is told as such.
pub(super) fn error(status: &Status, place: &str) -> Error {
    if is_lost(status) {
        let text = format!("the Spark at {place} cannot be reached: {}", cause(status));
        return Error::message(Kind::Operation, text);
    }
    let details = Bytes::copy_from_slice(status.details());
    let refusal = Refusal { code: status.code().into(), message: status.message().into(), details };
    Error::message(Kind::Operation, status.message()).caused_by(refusal)
}

/// True when it is the connection that failed, or the server that is not there, and nobody refused anything.
pub(super) fn is_lost(status: &Status) -> bool {
    status.details().is_empty() && (status.code() == Code::Unavailable || std::error::Error::source(status).is_some())
}

/// The condition a status names: `INVALID_HANDLE.SESSION_CHANGED`.
pub(super) fn condition(status: &Status) -> Option<String> {
    let info = status.get_details_error_info()?;
    info.metadata.get("errorClass").cloned()
}

/// True when the session is not there any more: ended, expired, or of a server before this one.
pub(super) fn is_without_session(status: &Status) -> bool {
    let gone = ["SESSION_CHANGED", "SESSION_CLOSED", "SESSION_NOT_FOUND"];
    condition(status)
        .and_then(|condition| condition.strip_prefix("INVALID_HANDLE.").map(|sub| gone.contains(&sub)))
        .unwrap_or(false)
}

/// True when the server cut an operation off although nobody here asked for that, as Spark 4.1 does with whatever runs
/// in a session that expires.
pub(super) fn is_cut_off(status: &Status) -> bool {
    is_disconnected(status) || condition(status).as_deref() == Some("OPERATION_CANCELED")
}

/// True when the server ended a stream of answers. The cursor is ours and not our client's, who would take this for a
/// wish to ask again, and does so for ten minutes (PySpark 4.1 `DefaultPolicy`).
pub(super) fn is_disconnected(status: &Status) -> bool {
    condition(status).as_deref() == Some("INVALID_CURSOR.DISCONNECTED")
}

/// True when the operation is not there any more.
pub(super) fn is_without_operation(status: &Status) -> bool {
    is_without_session(status)
        || condition(status).is_some_and(|condition| {
            matches!(condition.as_str(), "INVALID_HANDLE.OPERATION_NOT_FOUND" | "INVALID_HANDLE.OPERATION_ABANDONED")
        })
}

/// The innermost reason, which says most.
fn cause(status: &Status) -> String {
    let mut innermost: &dyn std::error::Error = status;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    match innermost.downcast_ref::<Status>() {
        Some(status) => status.message().to_string(),
        None => innermost.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    fn refused(condition: &str) -> Status {
        let metadata = std::collections::HashMap::from([("errorClass".to_string(), condition.to_string())]);
        Status::with_error_details(
            Code::Internal,
            condition,
            ErrorDetails::with_error_info("SparkSQLException", "org.apache.spark", metadata),
        )
    }

    #[test]
    fn what_became_of_a_session_or_an_operation_is_told_by_its_condition() {
        let closed = refused("INVALID_HANDLE.SESSION_CLOSED");
        assert!(is_without_session(&closed) && is_without_operation(&closed) && !is_cut_off(&closed));
        let gone = refused("INVALID_HANDLE.OPERATION_NOT_FOUND");
        assert!(!is_without_session(&gone) && is_without_operation(&gone));
        for condition in ["INVALID_CURSOR.DISCONNECTED", "OPERATION_CANCELED"] {
            let cut = refused(condition);
            assert!(is_cut_off(&cut) && !is_lost(&cut) && !is_without_operation(&cut), "{condition}");
        }
        assert!(!is_cut_off(&refused("DIVIDE_BY_ZERO")) && is_lost(&Status::unavailable("away")));
    }
}
