//! The smallest server: an engine that leaves nothing on disk, on a port of loopback. The real one is `floe-engine serve`.

use floe_connect::{Options, serve};
use floe_engine::Engine;
use tokio::net::TcpListener;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "15002".into());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
        println!("sc://{}", listener.local_addr()?);
        serve(listener, Engine::in_memory()?, Options::default(), std::future::pending()).await?;
        Ok(())
    })
}
