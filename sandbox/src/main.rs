//! The sandbox alone: `SANDBOX_PORT` (3002; 0 takes a free one), until SIGTERM or ctrl-c.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use sandbox::Sandbox;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

const DEFAULT_PORT: u16 = 3002;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).init();

    let port = match std::env::var("SANDBOX_PORT") {
        Ok(port) => port.parse().context("SANDBOX_PORT is no port number")?,
        Err(_) => DEFAULT_PORT,
    };
    let mut terminate = signal(SignalKind::terminate())?;
    let sandbox = Sandbox::start(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    println!("http://{}", sandbox.addr());

    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    sandbox.shutdown().await;
    Ok(())
}
