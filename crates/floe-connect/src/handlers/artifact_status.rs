//! `ArtifactStatus`: what need not be uploaded again. Only `cache/` can be asked for, as in Spark.

use floe_base::Result;
use floe_proto::connect as proto;
use floe_proto::connect::artifact_statuses_response::ArtifactStatus;
use tonic::Status;

use crate::error;
use crate::service::Service;
use crate::session::key;

pub(crate) fn handle(
    service: &Service,
    request: proto::ArtifactStatusesRequest,
) -> Result<proto::ArtifactStatusesResponse, Status> {
    let key = key(&request.session_id, request.user_context.as_ref());
    let observed = request.client_observed_server_side_session_id.as_deref();
    let session = service.sessions.get_or_create(&key, observed).map_err(|error| error::plain(&error))?;
    let status = |name: String| {
        let exists = name.starts_with("cache/") && session.artifacts.exists(&name);
        (name, ArtifactStatus { exists })
    };
    Ok(proto::ArtifactStatusesResponse {
        session_id: request.session_id,
        server_side_session_id: session.server_side_id(),
        statuses: request.names.into_iter().map(status).collect(),
    })
}
