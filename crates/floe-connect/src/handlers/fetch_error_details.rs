//! `FetchErrorDetails`: the whole of an error whose status was cut. Told once; an unknown id gets an empty answer.

use floe_base::Result;
use floe_proto::connect as proto;
use tonic::Status;

use crate::error;
use crate::service::Service;
use crate::session::key;

pub(crate) fn handle(
    service: &Service,
    request: proto::FetchErrorDetailsRequest,
) -> Result<proto::FetchErrorDetailsResponse, Status> {
    let key = key(&request.session_id, request.user_context.as_ref());
    let observed = request.client_observed_server_side_session_id.as_deref();
    let Ok(session) = service.sessions.existing(&key, observed) else {
        return Ok(proto::FetchErrorDetailsResponse::default());
    };
    let Some(error) = session.errors.take(&request.error_id) else {
        return Ok(proto::FetchErrorDetailsResponse::default());
    };
    Ok(proto::FetchErrorDetailsResponse {
        session_id: request.session_id,
        server_side_session_id: session.server_side_id(),
        ..error::fetched(&error)
    })
}
