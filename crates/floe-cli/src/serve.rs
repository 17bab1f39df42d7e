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
        let ready = move || announce(bound, json);
        let stop = stop()?;
        ready()?;
        tokio::spawn(allocator::give_back());
        let served = floe_connect::serve(listener, engine.clone(), options, stop).await;
        Ok::<_, Error>((engine, served))
    })?;
    // What still runs was told to stop; nobody waits for it any more.
    runtime.shutdown_background();
    engine.end();
    served
}

/// The one line that says the server is there.
fn announce(bound: SocketAddr, json: bool) -> Result<()> {
    let address = format!("sc://{bound}");
    let line = if json {
        serde_json::json!({"event": "ready", "address": address, "pid": std::process::id()}).to_string()
    } else {
        format!("floe-engine listens on {address}")
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
    let port = settings.number("port")?;
    let port = u16::try_from(port).map_err(|_| invalid(format!("`port` must be at most 65535, not {port}")))?;
    Ok(SocketAddr::new(ip, port))
}
