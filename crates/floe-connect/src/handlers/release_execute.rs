//! `ReleaseExecute`: a client has what it needs. The most frequent call of all; it must cost nothing.

use floe_base::{Error, Kind, Result};
use floe_proto::connect as proto;
use floe_proto::connect::release_execute_request::Release;
use tonic::Status;

use crate::error;
use crate::service::Service;
use crate::session::{Session, key};

pub(crate) fn handle(
    service: &Service,
    request: proto::ReleaseExecuteRequest,
) -> Result<proto::ReleaseExecuteResponse, Status> {
    let key = key(&request.session_id, request.user_context.as_ref());
    let observed = request.client_observed_server_side_session_id.as_deref();
    let session = service.sessions.existing(&key, observed).map_err(|error| error::plain(&error))?;
    let was_there = release(&session, &request).map_err(|error| session.errors.status(error))?;
    Ok(proto::ReleaseExecuteResponse {
        session_id: request.session_id,
        server_side_session_id: session.server_side_id(),
        operation_id: was_there.then_some(request.operation_id),
    })
}

/// An operation that is not there any more was released before: no error.
fn release(session: &Session, request: &proto::ReleaseExecuteRequest) -> Result<bool> {
    let Ok(operation) = session.operation(&request.operation_id) else { return Ok(false) };
    match &request.release {
        Some(Release::ReleaseAll(_)) => Ok(session.release(&request.operation_id)),
        Some(Release::ReleaseUntil(until)) => operation.log.release_until(&until.response_id).map(|()| true),
        None => Err(Error::message(Kind::Unsupported, "RELEASE_NOT_SET not supported.")),
    }
}
