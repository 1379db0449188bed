//! `session-host`: works its share of the lanes of a stack until told to stop. `session-host --health` asks the one that runs here how it is.

mod config;
mod health;
mod stack;

use std::{process::ExitCode, sync::Arc};

use anyhow::{Context, Result, anyhow};
use domain::ports::{Ids, RandomIds};
use process::{Settings, metrics, telemetry};
use session_host::lanes::{self, Lanes};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use self::{config::Config, health::Health, stack::Stack};

fn main() -> ExitCode {
    let done = if std::env::args().any(|argument| argument == "--health") { health::ask() } else { run() };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("session-host: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run() -> Result<()> {
    let config = Config::read(Settings::of_environment())?;
    rustls::crypto::ring::default_provider().install_default().map_err(|_| anyhow!("TLS was set up twice"))?;
    let telemetry = telemetry::start(&config.telemetry, "warta-session-host")?;
    metrics::handle();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);

    let listener = TcpListener::bind(config.health).await.with_context(|| format!("cannot listen on {}", config.health))?;
    let stack = Stack::open(&config).await?;
    let of_host = lanes::Config { host: RandomIds.host(), lanes: config.resources.lanes(), lease: config.lease };
    tracing::info!(host = %of_host.host, health = %listener.local_addr()?, "the host started");
    let begin = stack.clone();
    let lanes = Lanes::start(stack.leases(), of_host, Arc::new(move |hold| begin.begin(hold))).await?;
    let stopping = CancellationToken::new();
    tokio::spawn(health::serve(listener, Health { standing: lanes.standing(), lease: config.lease, stopping: stopping.clone() }));
    tokio::spawn(metrics::keep(stopping.clone()));

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: lanes are handed over; once more stops at once");
    stopping.cancel();
    let leave = async {
        lanes.leave().await;
        stack.close().await;
    };
    tokio::select! {
        () = leave => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::task::spawn_blocking(|| telemetry.flush()).await?;
    Ok(())
}
