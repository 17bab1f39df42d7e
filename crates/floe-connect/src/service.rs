//! The twelve calls, each handed to its file under `handlers/`.

use std::pin::Pin;
use std::sync::Arc;

use floe_base::Result;
use floe_proto::codec::{Encoded, Received};
use floe_proto::connect as proto;
use floe_proto::server::SparkConnectService;
use futures::Stream;
use prost::{Message, Name};
use tonic::{Request, Response, Status, Streaming};

use crate::handlers;
use crate::session::Sessions;
use crate::stream::{Consumer, Segment};

/// Encoded responses of one stream.
pub(crate) type Responses = Pin<Box<dyn Stream<Item = Result<Encoded, Status>> + Send>>;

/// What every handler may use.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) segment: Segment,
}

fn opened<T: Message + Default + Name>(request: &Request<Received<T>>) -> Result<T, Status> {
    request.get_ref().decode().map_err(|error| Status::invalid_argument(error.to_string()))
}

/// `;x-floe-route=duckdb` in a client's address, which it sends as a header with each request.
fn address_route<T>(request: &Request<T>) -> Result<Option<String>, Status> {
    let text = request.metadata().get("x-floe-route").map(|route| route.to_str());
    let route = text.transpose().map_err(|_| Status::invalid_argument("x-floe-route is the name of a route"))?;
    Ok(route.map(str::to_string))
}

fn streamed(consumer: Consumer) -> Response<Responses> {
    Response::new(Box::pin(consumer.into_stream()))
}

#[tonic::async_trait]
impl SparkConnectService for Service {
    type ExecutePlanStream = Responses;
    type ReattachExecuteStream = Responses;

    async fn execute_plan(
        &self,
        request: Request<Received<proto::ExecutePlanRequest>>,
    ) -> Result<Response<Responses>, Status> {
        let route = address_route(&request)?;
        handlers::execute_plan::handle(self, request.into_inner(), route).await.map(streamed)
    }

    async fn analyze_plan(
        &self,
        request: Request<Received<proto::AnalyzePlanRequest>>,
    ) -> Result<Response<proto::AnalyzePlanResponse>, Status> {
        handlers::analyze_plan::handle(self, request.into_inner()).await.map(Response::new)
    }

    async fn config(
        &self,
        request: Request<Received<proto::ConfigRequest>>,
    ) -> Result<Response<proto::ConfigResponse>, Status> {
        handlers::config::handle(self, opened(&request)?).map(Response::new)
    }

    async fn add_artifacts(
        &self,
        request: Request<Streaming<Received<proto::AddArtifactsRequest>>>,
    ) -> Result<Response<proto::AddArtifactsResponse>, Status> {
        handlers::add_artifacts::handle(self, request.into_inner()).await.map(Response::new)
    }

    async fn artifact_status(
        &self,
        request: Request<Received<proto::ArtifactStatusesRequest>>,
    ) -> Result<Response<proto::ArtifactStatusesResponse>, Status> {
        handlers::artifact_status::handle(self, opened(&request)?).map(Response::new)
    }

    async fn interrupt(
        &self,
        request: Request<Received<proto::InterruptRequest>>,
    ) -> Result<Response<proto::InterruptResponse>, Status> {
        handlers::interrupt::handle(self, opened(&request)?).map(Response::new)
    }

    async fn reattach_execute(
        &self,
        request: Request<Received<proto::ReattachExecuteRequest>>,
    ) -> Result<Response<Responses>, Status> {
        handlers::reattach_execute::handle(self, opened(&request)?).map(streamed)
    }

    async fn release_execute(
        &self,
        request: Request<Received<proto::ReleaseExecuteRequest>>,
    ) -> Result<Response<proto::ReleaseExecuteResponse>, Status> {
        handlers::release_execute::handle(self, opened(&request)?).map(Response::new)
    }

    async fn release_session(
        &self,
        request: Request<Received<proto::ReleaseSessionRequest>>,
    ) -> Result<Response<proto::ReleaseSessionResponse>, Status> {
        handlers::release_session::handle(self, opened(&request)?).map(Response::new)
    }

    async fn fetch_error_details(
        &self,
        request: Request<Received<proto::FetchErrorDetailsRequest>>,
    ) -> Result<Response<proto::FetchErrorDetailsResponse>, Status> {
        handlers::fetch_error_details::handle(self, request.into_inner()).await.map(Response::new)
    }

    async fn clone_session(
        &self,
        request: Request<Received<proto::CloneSessionRequest>>,
    ) -> Result<Response<proto::CloneSessionResponse>, Status> {
        handlers::clone_session::handle(self, opened(&request)?).map(Response::new)
    }

    async fn get_status(
        &self,
        request: Request<Received<proto::GetStatusRequest>>,
    ) -> Result<Response<proto::GetStatusResponse>, Status> {
        handlers::get_status::handle(self, opened(&request)?).map(Response::new)
    }
}
