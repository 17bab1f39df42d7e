//! `Interrupt`: stops running operations, all of them, by tag, or one by id.

use floe_base::{Error, Kind, Result};
use floe_proto::connect as proto;
use floe_proto::connect::interrupt_request::{Interrupt, InterruptType};
use tonic::Status;

use crate::error;
use crate::operation::check_tags;
use crate::service::Service;
use crate::session::{Session, key};

pub(crate) fn handle(service: &Service, request: proto::InterruptRequest) -> Result<proto::InterruptResponse, Status> {
    let key = key(&request.session_id, request.user_context.as_ref());
    let observed = request.client_observed_server_side_session_id.as_deref();
    let session = service.sessions.get_or_create(&key, observed).map_err(|error| error::plain(&error))?;
    let interrupted_ids = interrupt(&session, &request).map_err(|error| session.errors.status(error))?;
    Ok(proto::InterruptResponse {
        session_id: request.session_id,
        server_side_session_id: session.server_side_id(),
        interrupted_ids,
    })
}

fn interrupt(session: &Session, request: &proto::InterruptRequest) -> Result<Vec<String>> {
    match (request.interrupt_type(), &request.interrupt) {
        (InterruptType::All, _) => Ok(session.interrupt(|_| true)),
        (InterruptType::Tag, Some(Interrupt::OperationTag(tag))) => {
            check_tags(std::slice::from_ref(tag))?;
            Ok(session.interrupt(|operation| operation.tags.contains(tag)))
        }
        (InterruptType::OperationId, Some(Interrupt::OperationId(id))) => {
            Ok(session.interrupt(|operation| operation.id == *id))
        }
        (InterruptType::Tag, _) => Err(lacks("operation_tag", "INTERRUPT_TYPE_TAG_REQUIRES_TAG")),
        (InterruptType::OperationId, _) => Err(lacks("operation_id", "INTERRUPT_TYPE_OPERATION_ID_REQUIRES_ID")),
        (InterruptType::Unspecified, _) => Err(Error::new(Kind::Operation, "UNSUPPORTED_FEATURE.INTERRUPT_TYPE")
            .with("interruptType", "INTERRUPT_TYPE_UNSPECIFIED")),
    }
}

fn lacks(parameter: &str, sub: &str) -> Error {
    Error::new(Kind::Operation, format!("INVALID_PARAMETER_VALUE.{sub}"))
        .with("parameter", parameter)
        .with("functionName", "interrupt")
}
