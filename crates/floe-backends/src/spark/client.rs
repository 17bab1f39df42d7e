//! The connection to a Spark Connect server: calls whose messages are bytes, and those this server makes itself.

use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use floe_base::{Error, Kind, Result};
use floe_proto::codec::OpaqueCodec;
use prost::Message;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataKey, MetadataValue};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status, Streaming};

use super::target::Address;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Pings inside HTTP/2 would offend a server that did not ask for them; the system's own do not.
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

/// A connection; clones share it. It is made when the first call needs it, and made again when it breaks.
#[derive(Clone, Debug)]
pub(super) struct Client {
    grpc: Grpc<Channel>,
    headers: Vec<(MetadataKey<Ascii>, MetadataValue<Ascii>)>,
}

impl Client {
    /// Must be called where a runtime runs: the connection's tasks live there.
    pub(super) fn new(address: &Address) -> Result<Self> {
        let mut endpoint = Endpoint::from_shared(address.uri())
            .map_err(|error| unusable(&error.to_string()))?
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_keepalive(Some(TCP_KEEPALIVE))
            .tcp_nodelay(true)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .user_agent(concat!("floe-engine/", env!("CARGO_PKG_VERSION")))
            .map_err(|error| unusable(&error.to_string()))?;
        if address.tls {
            let tls = ClientTlsConfig::new().with_enabled_roots();
            endpoint = endpoint.tls_config(tls).map_err(|error| unusable(&error.to_string()))?;
        }
        let grpc = Grpc::new(endpoint.connect_lazy())
            .max_decoding_message_size(usize::MAX)
            .max_encoding_message_size(usize::MAX);
        Ok(Self { grpc, headers: headers(address)? })
    }

    /// A call answered by a stream.
    pub(super) async fn stream(&self, call: &str, message: Bytes) -> Result<Streaming<Bytes>, Status> {
        let mut grpc = self.ready().await?;
        let answer = grpc.server_streaming(self.request(message), path(call)?, OpaqueCodec).await?;
        Ok(answer.into_inner())
    }

    /// A call answered by one message.
    pub(super) async fn unary(&self, call: &str, message: Bytes) -> Result<Bytes, Status> {
        let mut grpc = self.ready().await?;
        Ok(grpc.unary(self.request(message), path(call)?, OpaqueCodec).await?.into_inner())
    }

    /// A call of this server's own.
    pub(super) async fn ask<A: Message + Default>(&self, call: &str, message: &impl Message) -> Result<A, Status> {
        let answer = self.unary(call, message.encode_to_vec().into()).await?;
        A::decode(answer).map_err(|error| Status::internal(format!("{call} was answered by no message: {error}")))
    }

    /// A call of many messages answered by one.
    pub(super) async fn upload(&self, call: &str, messages: Vec<Bytes>) -> Result<Bytes, Status> {
        let mut grpc = self.ready().await?;
        let messages = self.request(futures::stream::iter(messages));
        Ok(grpc.client_streaming(messages, path(call)?, OpaqueCodec).await?.into_inner())
    }

    async fn ready(&self) -> Result<Grpc<Channel>, Status> {
        let mut grpc = self.grpc.clone();
        // A lazy connection reports here that it could not be made.
        grpc.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
        Ok(grpc)
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        for (name, value) in &self.headers {
            request.metadata_mut().insert(name.clone(), value.clone());
        }
        request
    }
}

fn path(call: &str) -> Result<PathAndQuery, Status> {
    let path = format!("/spark.connect.SparkConnectService/{call}");
    PathAndQuery::from_str(&path).map_err(|error| Status::internal(error.to_string()))
}

fn headers(address: &Address) -> Result<Vec<(MetadataKey<Ascii>, MetadataValue<Ascii>)>> {
    let token = address.token.as_ref().map(|token| ("authorization", format!("Bearer {}", token.reveal())));
    let others = address.headers.iter().map(|(name, value)| (name.as_str(), value.reveal().to_string()));
    let header = |(name, value): (&str, String)| {
        let name = MetadataKey::from_str(name).map_err(|_| unusable("a parameter is no header's name"))?;
        let mut value = MetadataValue::from_str(&value).map_err(|_| unusable("a parameter is no header's value"))?;
        value.set_sensitive(true);
        Ok((name, value))
    };
    token.into_iter().chain(others).map(header).collect()
}

fn unusable(why: &str) -> Error {
    Error::message(Kind::IllegalArgument, format!("`spark` cannot be used as an address: {why}"))
}
