//! `GetStatus` (clients from 4.2): how operations stand, running and recently released ones.

use floe_base::Result;
use floe_proto::connect as proto;
use floe_proto::connect::get_status_response::OperationStatus;
use floe_proto::connect::get_status_response::operation_status::OperationState;
use tonic::Status;

use crate::error;
use crate::service::Service;
use crate::session::{Session, key};

pub(crate) fn handle(service: &Service, request: proto::GetStatusRequest) -> Result<proto::GetStatusResponse, Status> {
    let key = key(&request.session_id, request.user_context.as_ref());
    let observed = request.client_observed_server_side_session_id.as_deref();
    let session = service.sessions.existing(&key, observed).map_err(|error| error::plain(&error))?;
    let states = request.operation_status.map(|asked| states(&session, asked.operation_ids)).unwrap_or_default();
    let status = |(operation_id, state): (String, OperationState)| OperationStatus {
        operation_id,
        state: state.into(),
        extensions: Vec::new(),
    };
    Ok(proto::GetStatusResponse {
        session_id: request.session_id,
        server_side_session_id: session.server_side_id(),
        operation_statuses: states.into_iter().map(status).collect(),
        extensions: Vec::new(),
    })
}

/// Without ids: all that are known.
fn states(session: &Session, ids: Vec<String>) -> Vec<(String, OperationState)> {
    if ids.is_empty() {
        return session.states();
    }
    ids.into_iter().map(|id| (id.clone(), session.state(&id))).collect()
}
