//! `ReleaseSession`: a client stops. Doing it twice, or for a session that never was, is no error.

use floe_base::Result;
use floe_proto::connect as proto;
use tonic::Status;

use crate::error;
use crate::operation::check_handle;
use crate::service::Service;
use crate::session::key;

pub(crate) fn handle(
    service: &Service,
    request: proto::ReleaseSessionRequest,
) -> Result<proto::ReleaseSessionResponse, Status> {
    check_handle(&request.session_id).map_err(|error| error::plain(&error))?;
    let key = key(&request.session_id, request.user_context.as_ref());
    let closed = service.sessions.close(&key, request.allow_reconnect);
    Ok(proto::ReleaseSessionResponse {
        session_id: request.session_id,
        server_side_session_id: closed.map(|session| session.server_side_id()).unwrap_or_default(),
    })
}
