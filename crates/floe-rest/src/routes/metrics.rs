//! `POST …/tables/{table}/metrics`: what a client measured. It is taken and told to the log, and kept nowhere.

use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::Value;

use crate::body::Body;
use crate::name;
use crate::refusal::Refusal;

pub(super) async fn report(
    Path(address): Path<(String, String)>,
    Body(report): Body<Value>,
) -> Result<StatusCode, Refusal> {
    let table = name::ident(address)?;
    let kind = report.get("report-type").and_then(Value::as_str).unwrap_or_default();
    tracing::debug!(%table, kind, "metrics of a client");
    Ok(StatusCode::NO_CONTENT)
}
