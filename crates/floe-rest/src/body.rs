//! Bodies of requests, and parts of those of answers.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use floe_base::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::refusal::Refusal;

/// The JSON of a request.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::too_large(),
            _ => Refusal::wrong("the request broke off"),
        })?;
        // By way of a value: the enums of updates hold numbers, which this JSON library reads only so.
        let value: Value = serde_json::from_slice(&bytes).map_err(Refusal::unreadable)?;
        serde_json::from_value(value).map(Self).map_err(Refusal::unreadable)
    }
}

/// A part of an answer.
pub(crate) fn json_of(part: &impl Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(part).map_err(|error| Error::internal(format!("metadata is not JSON: {error}")).into())
}
