//! Listens, speaks HTTP/1.1 and TLS, keeps the limits, and ends in good order.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::uri::PathAndQuery;
use axum::http::{Request, Uri};
use floe_base::secret::Fingerprint;
use floe_base::settings::Tls;
use floe_base::{Error, Kind, Result, Secret};
use floe_iceberg::catalog::IcebergCatalog;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::routes::{Face, router};

/// Connections at once; more wait until one ends.
const CONNECTIONS_MAX: usize = 512;
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// A connection on which no request comes is closed.
const IDLE_MAX: Duration = Duration::from_secs(75);
/// Requests that still run at the end get this long.
const GRACE: Duration = Duration::from_millis(400);
/// Out of file handles, say: wait rather than spin.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// How the face listens.
#[derive(Debug)]
pub struct Options {
    /// What clients must send as `authorization: Bearer …`; loopback is no reason to need none.
    pub token: Secret,
    pub tls: Option<Tls>,
    pub body_bytes_max: usize,
}

/// Serves a catalog until `stop` is ready; running requests then get a moment to end.
///
/// # Errors
/// When the certificate cannot be used.
pub async fn serve(
    listener: TcpListener,
    catalog: Arc<dyn IcebergCatalog>,
    options: Options,
    stop: impl Future<Output = ()> + Send,
) -> Result<()> {
    let tls = options.tls.as_ref().map(acceptor).transpose()?;
    let face = Face { catalog, token: Arc::new(Fingerprint::of(options.token.reveal())) };
    let app = router(face, options.body_bytes_max);
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let next = async {
            let place = Arc::clone(&room).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let (app, tls, watcher) = (app.clone(), tls.clone(), graceful.watcher());
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(async move {
                    connection(stream, tls, app, watcher).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection to the REST face was not accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests to the REST face were cut off at the end");
    }
    Ok(())
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, app: Router, watcher: Watcher) {
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return requests(stream, app, watcher).await };
    match tokio::time::timeout(HANDSHAKE_MAX, tls.accept(stream)).await {
        Ok(Ok(stream)) => requests(stream, app, watcher).await,
        Ok(Err(error)) => tracing::debug!(%error, "no TLS with a client of the REST face"),
        Err(_) => tracing::debug!("a client of the REST face took too long to say hello"),
    }
}

async fn requests(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, app: Router, watcher: Watcher) {
    let app = TowerToHyperService::new(app);
    let answer =
        service_fn(move |request: Request<Incoming>| hyper::service::Service::call(&app, with_spaces(request)));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_MAX)
        .serve_connection(TokioIo::new(stream), answer);
    if let Err(error) = watcher.watch(serving).await {
        tracing::debug!(%error, "a connection to the REST face broke off");
    }
}

/// Java's clients write a space in a name as `+` and a plus as `%2B` (`RESTUtil.encodeString`); all others write `%20`.
fn with_spaces<B>(mut request: Request<B>) -> Request<B> {
    let uri = request.uri();
    if !uri.path().contains('+') {
        return request;
    }
    let path = uri.path().replace('+', "%20");
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    if let Ok(path) = PathAndQuery::try_from(text) {
        *request.uri_mut() = Uri::from(path);
    }
    request
}

fn acceptor(tls: &Tls) -> Result<TlsAcceptor> {
    let wrong = |what: &str, error: &dyn std::fmt::Display| {
        Error::message(Kind::IllegalArgument, format!("{what} cannot be used: {error}"))
    };
    let chain = CertificateDer::pem_slice_iter(tls.certificate.as_bytes());
    let chain: Vec<_> = chain.collect::<std::result::Result<_, _>>().map_err(|error| wrong("tls-cert", &error))?;
    let key = PrivateKeyDer::from_pem_slice(tls.key.reveal().as_bytes()).map_err(|error| wrong("tls-key", &error))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong("TLS", &error))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| wrong("tls-cert", &error))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_in_a_path_is_a_space_and_in_a_query_stays() {
        let request = Request::builder().uri("/v1/namespaces/a+b%2Bc?pageToken=x+y").body(()).expect("a request");
        assert_eq!(with_spaces(request).uri(), "/v1/namespaces/a%20b%2Bc?pageToken=x+y");
    }
}
