//! Refusals: the status, type and text that the protocol has for what went wrong.
//!
//! The types and texts are those of Iceberg's Java library, whose clients raise exceptions by them and whose users search for
//! them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use floe_base::{Error, Kind};
use floe_iceberg::catalog::{CommitError, Ident};
use serde_json::json;

/// A request that was not done.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

/// What a name in an address stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Table,
    View,
}

impl Refusal {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into() }
    }

    /// The request is no request of the protocol's, or asks for what cannot be.
    pub(crate) fn wrong(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequestException", message)
    }

    pub(crate) fn unreadable(error: serde_json::Error) -> Self {
        Self::wrong(format!("the request cannot be read: {error}"))
    }

    pub(crate) fn too_large() -> Self {
        let text = "the request is larger than this server takes (--max-message)";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "BadRequestException", text)
    }

    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "UnprocessableEntityException", message)
    }

    pub(crate) fn unauthorized() -> Self {
        let text = "send the server's token: Authorization: Bearer …";
        Self::new(StatusCode::UNAUTHORIZED, "NotAuthorizedException", text)
    }

    pub(crate) fn no_endpoint(method: &str, path: &str) -> Self {
        let text = format!("this server has no endpoint {method} {path}");
        Self::new(StatusCode::NOT_FOUND, "UnsupportedOperationException", text)
    }

    /// Nobody waited for the end; what changes something goes on.
    pub(crate) fn late() -> Self {
        let text = "the request took too long; what it was to change may be changed";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "ServiceUnavailableException", text)
    }

    /// The task that did it is gone.
    pub(crate) fn lost(error: tokio::task::JoinError) -> Self {
        tracing::error!(%error, "a request ended early");
        let text = "the request ended early; what it was to change may be changed";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "CommitStateUnknownException", text)
    }

    pub(crate) fn no_namespace(namespace: &[String]) -> Self {
        let text = format!("Namespace does not exist: {}", namespace.join("."));
        Self::new(StatusCode::NOT_FOUND, "NoSuchNamespaceException", text)
    }

    pub(crate) fn not_there(sort: Sort, ident: &Ident) -> Self {
        match sort {
            Sort::Table => {
                Self::new(StatusCode::NOT_FOUND, "NoSuchTableException", format!("Table does not exist: {ident}"))
            }
            Sort::View => {
                Self::new(StatusCode::NOT_FOUND, "NoSuchViewException", format!("View does not exist: {ident}"))
            }
        }
    }

    /// A name that was to become a table or view, and is one.
    pub(crate) fn taken(wanted: Sort, found: Sort, ident: &Ident) -> Self {
        let text = match (wanted, found) {
            (Sort::Table, Sort::Table) => format!("Table already exists: {ident}"),
            (Sort::View, Sort::View) => format!("View already exists: {ident}"),
            (_, Sort::Table) => format!("Table with same name already exists: {ident}"),
            (_, Sort::View) => format!("View with same name already exists: {ident}"),
        };
        Self::new(StatusCode::CONFLICT, "AlreadyExistsException", text)
    }

    /// A commit that was to create a table whose name is taken.
    pub(crate) fn not_created(ident: &Ident, found: Sort) -> Self {
        match found {
            Sort::View => Self::taken(Sort::Table, found, ident),
            Sort::Table => {
                let text = format!("Requirement failed: table already exists: {ident}");
                Self::new(StatusCode::CONFLICT, "AlreadyExistsException", text)
            }
        }
    }

    /// A name that was to become another's, and is one.
    pub(crate) fn taken_by_rename(from: &Ident, to: &Ident, found: Sort) -> Self {
        let text = format!("Cannot rename {from} to {to}. {found:?} already exists");
        Self::new(StatusCode::CONFLICT, "AlreadyExistsException", text)
    }

    /// What a call about one namespace ended with.
    pub(crate) fn of_namespace(error: Error, namespace: &[String]) -> Self {
        let name = namespace.join(".");
        match error.condition() {
            "SCHEMA_NOT_FOUND" => Self::no_namespace(namespace),
            "SCHEMA_ALREADY_EXISTS" => {
                let text = format!("Namespace already exists: {name}");
                Self::new(StatusCode::CONFLICT, "AlreadyExistsException", text)
            }
            "SCHEMA_NOT_EMPTY" => {
                let text = format!("Namespace {name} is not empty.");
                Self::new(StatusCode::CONFLICT, "NamespaceNotEmptyException", text)
            }
            _ => error.into(),
        }
    }

    /// What a call about one table or view ended with.
    pub(crate) fn of(error: Error, sort: Sort, ident: &Ident) -> Self {
        match error.condition() {
            "SCHEMA_NOT_FOUND" => Self::no_namespace(&ident.namespace),
            "TABLE_OR_VIEW_NOT_FOUND" | "VIEW_NOT_FOUND" => Self::not_there(sort, ident),
            "TABLE_OR_VIEW_ALREADY_EXISTS" => Self::taken(sort, sort, ident),
            _ => error.into(),
        }
    }

    /// What a commit ended with; of several tables the error itself says which.
    pub(crate) fn of_commit(error: CommitError, about: Option<&Ident>) -> Self {
        match (error, about) {
            (CommitError::Unknown(error), _) => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "CommitStateUnknownException", error.sentence())
            }
            (error, Some(ident)) => Self::of(error.into_error(), Sort::Table, ident),
            (error, None) => error.into_error().into(),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let (status, kind) = match error.kind() {
            Kind::Analysis => match error.condition() {
                "TABLE_OR_VIEW_NOT_FOUND" => (StatusCode::NOT_FOUND, "NoSuchTableException"),
                "VIEW_NOT_FOUND" => (StatusCode::NOT_FOUND, "NoSuchViewException"),
                "SCHEMA_NOT_FOUND" => (StatusCode::NOT_FOUND, "NoSuchNamespaceException"),
                "TABLE_OR_VIEW_ALREADY_EXISTS" => (StatusCode::CONFLICT, "AlreadyExistsException"),
                _ => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
            },
            Kind::Conflict => (StatusCode::CONFLICT, "CommitFailedException"),
            Kind::Validation => (StatusCode::BAD_REQUEST, "ValidationException"),
            Kind::IllegalArgument => (StatusCode::BAD_REQUEST, "IllegalArgumentException"),
            Kind::Unsupported => (StatusCode::NOT_ACCEPTABLE, "UnsupportedOperationException"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
        };
        if status.is_server_error() {
            tracing::warn!(%error, "a request to the REST face failed");
        }
        Self::new(status, kind, error.sentence())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "error": { "message": self.message, "type": self.kind, "code": self.status.as_u16() } });
        (self.status, Json(body)).into_response()
    }
}
