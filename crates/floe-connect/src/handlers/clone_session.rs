//! `CloneSession`: conf, temp views, current schema and uploads under a new id; afterwards the two part ways.

use floe_base::Result;
use floe_proto::connect as proto;
use tonic::Status;

use crate::error;
use crate::service::Service;
use crate::session::key;

pub(crate) fn handle(
    service: &Service,
    request: proto::CloneSessionRequest,
) -> Result<proto::CloneSessionResponse, Status> {
    let user = request.user_context.as_ref();
    let observed = request.client_observed_server_side_session_id.as_deref();
    let from = service.sessions.get_or_create(&key(&request.session_id, user), observed);
    let from = from.map_err(|error| error::plain(&error))?;
    let new_id = request.new_session_id.clone().unwrap_or_else(floe_base::id::fresh);
    let copy = service.sessions.clone_session(&from, &key(&new_id, user));
    let copy = copy.map_err(|error| from.errors.status(error))?;
    Ok(proto::CloneSessionResponse {
        session_id: request.session_id,
        server_side_session_id: from.server_side_id(),
        new_session_id: new_id,
        new_server_side_session_id: copy.server_side_id(),
    })
}
