//! The REST face of `serve`: its port, its token, and where a client on this machine finds that token.
//!
//! With `--token` it is that one. Else one is made at every start and written to a file in the data folder that only the user
//! who started the server can read; the ready line names the file, and nothing prints the token.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use floe_base::id::fresh_token;
use floe_base::{Error, Result, Secret};
use floe_engine::Engine;
use floe_engine::face::Offer;
use floe_iceberg::catalog::IcebergCatalog;
use floe_rest::Options;
use tokio::net::TcpListener;

use crate::flags::{invalid, io};
use crate::serve::port;

/// A face that listens and is not served yet.
pub(crate) struct Face {
    listener: TcpListener,
    catalog: Arc<dyn IcebergCatalog>,
    options: Options,
    address: String,
    file: Option<TokenFile>,
}

impl Face {
    /// `None` when the settings want none.
    pub(crate) async fn open(engine: &Engine, ip: IpAddr) -> Result<Option<Self>> {
        let settings = engine.settings();
        if settings.text("rest").is_empty() {
            return Ok(None);
        }
        let catalog = engine.embedded_catalog().await?;
        let wanted = SocketAddr::new(ip, port(settings, "rest")?);
        let listener = TcpListener::bind(wanted).await.map_err(|error| {
            invalid(format!("cannot listen on {wanted}: {error}. Choose another --rest, or 0 for any"))
        })?;
        let bound = listener.local_addr().map_err(io)?;
        let tls = settings.tls()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (token, file) = match settings.token() {
            Some(token) => (token, None),
            None => {
                let token = fresh_token();
                let file = TokenFile::write(engine.folder(), bound.port(), &token)?;
                (token, Some(file))
            }
        };
        let address = format!("{scheme}://{bound}");
        // A Spark behind this server finds our tables by the face.
        engine.offer_embedded(match settings.text("rest-uri") {
            "" => near(scheme, bound, &token),
            uri => Offer::new(uri.trim_end_matches('/'), &token, false),
        });
        let body_bytes_max = usize::try_from(settings.bytes("max-message", 0)?).unwrap_or(usize::MAX);
        let options = Options { token, tls, body_bytes_max };
        Ok(Some(Self { listener, catalog, options, address, file }))
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Where the token stands, when this server made it.
    pub(crate) fn token_file(&self) -> Option<&Path> {
        self.file.as_ref().map(|file| file.0.as_path())
    }

    /// What the ready line for people says of it.
    pub(crate) fn told(&self) -> String {
        match self.token_file() {
            Some(file) => format!(", Iceberg REST on {} (token in {})", self.address, file.display()),
            None => format!(", Iceberg REST on {}", self.address),
        }
    }

    /// Serves until `stop` is ready or its sender is gone.
    pub(crate) async fn serve(self, engine: &Engine, stop: impl Future + Send + 'static) -> Result<()> {
        let stop = async move {
            let _ = stop.await;
        };
        // Metadata is read and written as JSON: that is work, and the network's threads are few.
        let serving =
            engine.threads().handle().spawn(floe_rest::serve(self.listener, self.catalog, self.options, stop));
        serving.await.map_err(|error| Error::internal(format!("the REST face ended early: {error}")))?
    }
}

/// The face under the address it listens on; all addresses of this machine are none to be called.
fn near(scheme: &str, bound: SocketAddr, token: &Secret) -> Offer {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let address = SocketAddr::new(ip, bound.port());
    Offer::new(&format!("{scheme}://{address}"), token, ip.is_loopback())
}

/// A file with a token, there as long as this is.
struct TokenFile(PathBuf);

impl TokenFile {
    fn write(folder: &Path, port: u16, token: &Secret) -> Result<Self> {
        let path = folder.join(format!("rest-{port}.token"));
        let cannot = |error: std::io::Error| {
            invalid(format!("the token of the REST face cannot be written to {}: {error}", path.display()))
        };
        std::fs::create_dir_all(folder).map_err(cannot)?;
        // A server that was killed leaves its file; whoever listens on the port now is the only one it can belong to.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(cannot(error)),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(cannot)?;
        writeln!(file, "{}", token.reveal()).map_err(cannot)?;
        Ok(Self(path))
    }
}

impl Drop for TokenFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
