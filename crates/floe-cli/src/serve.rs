//! `floe-engine serve`: the server, from its ready line to its last.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};

use floe_base::settings::Settings;
use floe_base::{Error, Result};
use floe_connect::Options;
use floe_engine::Engine;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::allocator;
use crate::face::Face;
use crate::flags::{invalid, io};

/// Threads for the network; queries have their own.
const NETWORK_THREADS: usize = 2;

pub(crate) fn run(settings: Settings, json: bool) -> Result<()> {
    let address = address(&settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(NETWORK_THREADS)
        .thread_name("floe-net")
        .thread_stack_size(floe_engine::threads::STACK_BYTES)
        .enable_all()
        .build()
        .map_err(io)?;
    let (engine, served) = runtime.block_on(async move {
        let options = Options::from_settings(&settings)?;
        let listener = TcpListener::bind(address).await.map_err(|error| {
            invalid(format!("cannot listen on {address}: {error}. Choose another --port, or 0 for any"))
        })?;
        let bound = listener.local_addr().map_err(io)?;
        let engine = Engine::open(settings)?;
        let face = Face::open(&engine, address.ip()).await?;
        let stop = stop()?;
        announce(bound, face.as_ref(), json)?;
        tokio::spawn(allocator::give_back());
        let connect = floe_connect::serve(listener, engine.clone(), options, stop);
        let Some(face) = face else {
            let served = connect.await;
            return Ok::<_, Error>((engine, served));
        };
        // The face goes last: a Spark behind the server commits through it what it was doing at the end.
        let (gone, going) = tokio::sync::oneshot::channel();
        let connect = async {
            let served = connect.await;
            let _ = gone.send(());
            served
        };
        let (served, faced) = tokio::join!(connect, face.serve(&engine, going));
        Ok((engine, served.and(faced)))
    })?;
    // What still runs was told to stop; nobody waits for it any more.
    runtime.shutdown_background();
    engine.end();
    served
}

/// The one line that says the server is there.
fn announce(bound: SocketAddr, face: Option<&Face>, json: bool) -> Result<()> {
    let address = format!("sc://{bound}");
    let line = if json {
        let mut ready = serde_json::json!({"event": "ready", "address": address, "pid": std::process::id()});
        if let (Some(face), Some(fields)) = (face, ready.as_object_mut()) {
            fields.insert("rest".into(), face.address().into());
            fields.extend(face.token_file().map(|path| ("rest_token_file".into(), path.display().to_string().into())));
        }
        ready.to_string()
    } else {
        format!("floe-engine listens on {address}{}", face.map(Face::told).unwrap_or_default())
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(io)
}

/// Ready on SIGTERM or SIGINT.
fn stop() -> Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate()).map_err(io)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(io)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Where to listen. Without a token only this machine may reach the server.
fn address(settings: &Settings) -> Result<SocketAddr> {
    let host = settings.text("host");
    let ip: IpAddr = match host {
        "localhost" => IpAddr::from([127, 0, 0, 1]),
        other => {
            other.parse().map_err(|_| invalid(format!("`host` must be an IP address or localhost, not `{other}`")))?
        }
    };
    if !ip.is_loopback() && settings.token().is_none() {
        return Err(invalid(format!(
            "{host} can be reached from other machines; set --token (and --tls-cert), or use 127.0.0.1"
        )));
    }
    Ok(SocketAddr::new(ip, port(settings, "port")?))
}

/// The port a setting names.
pub(crate) fn port(settings: &Settings, name: &str) -> Result<u16> {
    let port = settings.number(name)?;
    u16::try_from(port).map_err(|_| invalid(format!("`{name}` must be at most 65535, not {port}")))
}
