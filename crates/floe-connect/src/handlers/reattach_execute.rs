//! `ReattachExecute`: a client that lost its stream takes it up again after the last response it saw.

use floe_base::Result;
use floe_proto::connect as proto;
use tonic::Status;

use crate::error;
use crate::operation::check_handle;
use crate::service::Service;
use crate::session::{Session, key};
use crate::stream::{Consumer, cursor_error};

pub(crate) fn handle(service: &Service, request: proto::ReattachExecuteRequest) -> Result<Consumer, Status> {
    let key = key(&request.session_id, request.user_context.as_ref());
    let observed = request.client_observed_server_side_session_id.as_deref();
    let session = service.sessions.existing(&key, observed).map_err(|error| error::plain(&error))?;
    reattach(&session, &request).map_err(|error| session.errors.status(error))
}

fn reattach(session: &Session, request: &proto::ReattachExecuteRequest) -> Result<Consumer> {
    check_handle(&request.operation_id)?;
    let operation = session.operation(&request.operation_id)?;
    if !operation.reattachable {
        return Err(cursor_error("NOT_REATTACHABLE"));
    }
    operation.log.attach(request.last_response_id.as_deref().filter(|id| !id.is_empty()))
}
