//! The connection to a Spark Connect server: calls whose messages are bytes, and those this server makes itself.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use floe_base::{Error, Kind, Result, Secret};
use floe_proto::codec::OpaqueCodec;
use prost::Message;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataKey, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status, Streaming};

use super::target::{Address, Tls};
use super::token::Bearer;

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
    bearer: Option<Arc<Bearer>>,
}

impl Client {
    /// Must be called where a runtime runs: the connection's tasks live there.
    pub(super) async fn new(address: &Address) -> Result<Self> {
        let mut endpoint = Endpoint::from_shared(address.uri())
            .map_err(|error| unusable(&error.to_string()))?
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_keepalive(Some(TCP_KEEPALIVE))
            .tcp_nodelay(true)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .user_agent(concat!("floe-engine/", env!("CARGO_PKG_VERSION")))
            .map_err(|error| unusable(&error.to_string()))?;
        if let Some(tls) = &address.tls {
            endpoint = endpoint.tls_config(tls_config(tls).await?).map_err(|error| unusable(&error.to_string()))?;
        }
        let grpc = Grpc::new(endpoint.connect_lazy())
            .max_decoding_message_size(usize::MAX)
            .max_encoding_message_size(usize::MAX);
        let bearer = address.token.clone().map(|token| Arc::new(Bearer::new(token)));
        Ok(Self { grpc, headers: headers(address)?, bearer })
    }

    /// A call answered by a stream.
    pub(super) async fn stream(&self, call: &str, message: Bytes) -> Result<Streaming<Bytes>, Status> {
        let (path, mut attempt) = (path(call)?, self.attempt().await?);
        loop {
            let (mut grpc, request) = (self.ready().await?, attempt.request(message.clone()));
            let answer = grpc.server_streaming(request, path.clone(), OpaqueCodec).await;
            if let Some(answer) = attempt.answered(answer).await? {
                return Ok(answer.into_inner());
            }
        }
    }

    /// A call answered by one message.
    pub(super) async fn unary(&self, call: &str, message: Bytes) -> Result<Bytes, Status> {
        let (path, mut attempt) = (path(call)?, self.attempt().await?);
        loop {
            let (mut grpc, request) = (self.ready().await?, attempt.request(message.clone()));
            let answer = grpc.unary(request, path.clone(), OpaqueCodec).await;
            if let Some(answer) = attempt.answered(answer).await? {
                return Ok(answer.into_inner());
            }
        }
    }

    /// A call of this server's own.
    pub(super) async fn ask<A: Message + Default>(&self, call: &str, message: &impl Message) -> Result<A, Status> {
        let answer = self.unary(call, message.encode_to_vec().into()).await?;
        A::decode(answer).map_err(|error| Status::internal(format!("{call} was answered by no message: {error}")))
    }

    /// A call of many messages answered by one.
    pub(super) async fn upload(&self, call: &str, messages: Vec<Bytes>) -> Result<Bytes, Status> {
        let (path, mut attempt) = (path(call)?, self.attempt().await?);
        loop {
            let messages = futures::stream::iter(messages.clone());
            let (mut grpc, request) = (self.ready().await?, attempt.request(messages));
            let answer = grpc.client_streaming(request, path.clone(), OpaqueCodec).await;
            if let Some(answer) = attempt.answered(answer).await? {
                return Ok(answer.into_inner());
            }
        }
    }

    async fn attempt(&self) -> Result<Attempt<'_>, Status> {
        let token = match &self.bearer {
            Some(bearer) => Some(bearer.value().await?),
            None => None,
        };
        Ok(Attempt { client: self, token, is_renewed: false })
    }

    async fn ready(&self) -> Result<Grpc<Channel>, Status> {
        let mut grpc = self.grpc.clone();
        // A lazy connection reports here that it could not be made.
        grpc.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
        Ok(grpc)
    }
}

/// A call under the token in use; when that is refused and there is another one, it is made once more.
struct Attempt<'a> {
    client: &'a Client,
    token: Option<MetadataValue<Ascii>>,
    is_renewed: bool,
}

impl Attempt<'_> {
    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        for (name, value) in &self.client.headers {
            request.metadata_mut().insert(name.clone(), value.clone());
        }
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        request
    }

    /// The answer; `None` where the call is to be made again.
    async fn answered<T>(&mut self, answer: Result<T, Status>) -> Result<Option<T>, Status> {
        let refused = match answer {
            Err(status) if status.code() == Code::Unauthenticated && !self.is_renewed => status,
            answer => return answer.map(Some),
        };
        let (Some(bearer), Some(token)) = (&self.client.bearer, &self.token) else { return Err(refused) };
        let renewed = bearer.renewed(token).await?;
        self.token = Some(renewed.ok_or(refused)?);
        self.is_renewed = true;
        Ok(None)
    }
}

/// The machine's roots, and what the cluster's own settings name.
async fn tls_config(tls: &Tls) -> Result<ClientTlsConfig> {
    let mut config = ClientTlsConfig::new().with_enabled_roots();
    if let Some(ca) = &tls.ca {
        config = config.ca_certificate(Certificate::from_pem(pem(ca).await?));
    }
    if let Some((cert, key)) = &tls.identity {
        config = config.identity(Identity::from_pem(pem(cert).await?, pem(key).await?));
    }
    Ok(match &tls.authority {
        Some(name) => config.domain_name(name),
        None => config,
    })
}

async fn pem(path: &Path) -> Result<Vec<u8>> {
    tokio::fs::read(path).await.map_err(|error| unusable(&format!("{}: {error}", path.display())))
}

fn path(call: &str) -> Result<PathAndQuery, Status> {
    let path = format!("/spark.connect.SparkConnectService/{call}");
    PathAndQuery::from_str(&path).map_err(|error| Status::internal(error.to_string()))
}

fn headers(address: &Address) -> Result<Vec<(MetadataKey<Ascii>, MetadataValue<Ascii>)>> {
    let header = |(name, value): &(String, Secret)| {
        let name = MetadataKey::from_str(name).map_err(|_| unusable("a parameter is no header's name"))?;
        let mut value =
            MetadataValue::from_str(value.reveal()).map_err(|_| unusable("a parameter is no header's value"))?;
        value.set_sensitive(true);
        Ok((name, value))
    };
    address.headers.iter().map(header).collect()
}

fn unusable(why: &str) -> Error {
    Error::message(Kind::IllegalArgument, format!("the Spark of the settings cannot be called: {why}"))
}
