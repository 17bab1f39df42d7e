//! `FetchErrorDetails`: the whole of an error whose status was cut. Told once; an unknown id gets an empty answer.

use floe_base::Result;
use floe_proto::codec::Received;
use floe_proto::connect as proto;
use prost::Message as _;
use tonic::Status;

use crate::error;
use crate::service::Service;
use crate::session::key;

pub(crate) async fn handle(
    service: &Service,
    received: Received<proto::FetchErrorDetailsRequest>,
) -> Result<proto::FetchErrorDetailsResponse, Status> {
    let request = received.decode().map_err(|error| Status::invalid_argument(error.to_string()))?;
    let key = key(&request.session_id, request.user_context.as_ref());
    let observed = request.client_observed_server_side_session_id.as_deref();
    let Ok(session) = service.sessions.existing(&key, observed) else {
        return Ok(proto::FetchErrorDetailsResponse::default());
    };
    let Some(error) = session.errors.take(&request.error_id) else {
        // An error that was forwarded is known where it came from.
        let told = session.engine.error_details(received.raw()).await;
        let told = told.and_then(|told| proto::FetchErrorDetailsResponse::decode(told).ok());
        return Ok(match told.filter(|told| !told.errors.is_empty()) {
            None => proto::FetchErrorDetailsResponse::default(),
            Some(told) => proto::FetchErrorDetailsResponse {
                session_id: request.session_id,
                server_side_session_id: session.server_side_id(),
                ..told
            },
        });
    };
    Ok(proto::FetchErrorDetailsResponse {
        session_id: request.session_id,
        server_side_session_id: session.server_side_id(),
        ..error::fetched(&error)
    })
}
