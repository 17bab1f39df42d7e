//! Listens, speaks HTTP/2 and TLS, keeps the limits, and ends in good order.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use floe_base::settings::{Settings, Tls};
use floe_base::{Error, Kind, Result, Secret};
use floe_engine::Engine;
use floe_proto::server::SparkConnectServiceServer;
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service as HttpService, http};
use tonic::server::NamedService;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Code, Request, Status};

use crate::auth::Auth;
use crate::service::Service;
use crate::session::Sessions;
use crate::shutdown::{STOP_MAX, farewell};
use crate::stream::Segment;

/// Sessions and operations are looked through this often.
const SWEEP: Duration = Duration::from_secs(30);
const KEEPALIVE: Duration = Duration::from_secs(60);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// PySpark opens as many streams as the machine has cores, and then some.
const STREAMS_MAX: u32 = 1_024;
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
const HEADERS_MAX: u32 = 16 << 10;

/// How the server listens.
#[derive(Clone, Debug)]
pub struct Options {
    /// What clients must send as `authorization: Bearer …`.
    pub token: Option<Secret>,
    /// Certificate chain and private key, PEM.
    pub tls: Option<Tls>,
    pub message_bytes_max: usize,
    pub session_idle: Duration,
    /// How long one stream of a reattachable operation lasts; clients attach again.
    pub segment: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            token: None,
            tls: None,
            message_bytes_max: 128 << 20,
            session_idle: Duration::from_secs(3_600),
            segment: Segment::default().time,
        }
    }
}

impl Options {
    /// What the settings say: `token`, `tls-cert` and `tls-key`, `max-message`, `session-idle`.
    ///
    /// # Errors
    /// When a value is none, a file cannot be read, or one of the two TLS files is missing.
    pub fn from_settings(settings: &Settings) -> Result<Self> {
        Ok(Self {
            token: settings.token(),
            tls: settings.tls()?,
            message_bytes_max: usize::try_from(settings.bytes("max-message", 0)?).unwrap_or(usize::MAX),
            session_idle: Duration::from_secs(settings.number("session-idle")?),
            ..Self::default()
        })
    }
}

/// Serves until `shutdown` is ready; then running operations get a few seconds to end, and are interrupted.
///
/// # Errors
/// When the listener or the certificate cannot be used, and when a listener reachable from elsewhere has no token.
pub async fn serve(
    listener: TcpListener,
    engine: Arc<Engine>,
    options: Options,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<()> {
    check_exposure(&listener, &options)?;
    let sessions = Arc::new(Sessions::new(engine));
    let sweeper = tokio::spawn(sweep(sessions.clone(), options.session_idle));
    let segment = Segment { time: options.segment, ..Segment::default() };
    let service = Service { sessions: sessions.clone(), segment };
    let server = SparkConnectServiceServer::new(service)
        .max_decoding_message_size(options.message_bytes_max)
        .max_encoding_message_size(usize::MAX);
    let auth = Auth::new(options.token.as_ref());
    let checked = InterceptedService::new(SizeErrors(server), move |request: Request<()>| auth.check(request));
    let mut builder = Server::builder();
    if let Some(tls) = &options.tls {
        let identity = Identity::from_pem(&tls.certificate, tls.key.reveal());
        builder = builder.tls_config(ServerTlsConfig::new().identity(identity)).map_err(transport)?;
    }
    let (told, stopping) = tokio::sync::oneshot::channel();
    let serving = builder
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(STREAMS_MAX)
        .http2_max_header_list_size(HEADERS_MAX)
        .tcp_nodelay(true)
        .add_service(checked)
        .serve_with_incoming_shutdown(TcpIncoming::from(listener).with_nodelay(Some(true)), async move {
            shutdown.await;
            let _ = told.send(());
            farewell(&sessions).await;
        });
    // Clients that still read hold a connection open, and may be slow.
    let too_late = async move {
        let _ = stopping.await;
        tokio::time::sleep(STOP_MAX).await;
    };
    let result = tokio::select! {
        result = serving => result.map_err(transport),
        () = too_late => Ok(()),
    };
    sweeper.abort();
    result
}

/// Whoever reaches the server may run anything; so beyond this machine a token is needed.
fn check_exposure(listener: &TcpListener, options: &Options) -> Result<()> {
    let address = listener.local_addr().map_err(|error| Error::internal(error.to_string()))?;
    if address.ip().is_loopback() || options.token.is_some() {
        return Ok(());
    }
    let text = format!("{address} can be reached from other machines: set a token, or listen on 127.0.0.1");
    Err(Error::message(Kind::IllegalArgument, text))
}

async fn sweep(sessions: Arc<Sessions>, idle: Duration) {
    let mut ticks = tokio::time::interval(SWEEP.min(idle.max(Duration::from_secs(1))));
    loop {
        ticks.tick().await;
        sessions.sweep(idle);
    }
}

fn transport(error: tonic::transport::Error) -> Error {
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    Error::message(Kind::Operation, format!("the server cannot serve: {error}{cause}")).caused_by(error)
}

/// tonic calls a message over the limit OUT_OF_RANGE; clients expect RESOURCE_EXHAUSTED, as from other servers.
#[derive(Clone, Debug)]
struct SizeErrors<S>(S);

impl<S: NamedService> NamedService for SizeErrors<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> HttpService<http::Request<Body>> for SizeErrors<S>
where
    S: HttpService<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let answering = self.0.call(request);
        Box::pin(async move {
            let response = answering.await?;
            match Status::from_header_map(response.headers()) {
                Some(status) if status.code() == Code::OutOfRange => {
                    Ok(Status::resource_exhausted(status.message()).into_http())
                }
                _ => Ok(response),
            }
        })
    }
}
