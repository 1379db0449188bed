//! `warta`: arguments, settings, run until told to stop.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use process::telemetry;
use session_host::Network;
use tokio::signal::unix::{SignalKind, signal};
use warta::{Warta, config::Config};

/// A WhatsApp REST API. Settings come from the environment; see the README.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Start a WhatsApp of its own on this machine, with simulated phones
    #[cfg(feature = "sandbox")]
    #[arg(long, global = true)]
    sandbox: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API (the default)
    Serve,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("warta: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let arguments = Arguments::parse();
    let Command::Serve = arguments.command.unwrap_or(Command::Serve);
    let config = Config::read(|name| std::env::var(name).ok())?;
    rustls::crypto::ring::default_provider().install_default().map_err(|_| anyhow::anyhow!("TLS was set up twice"))?;
    let telemetry = telemetry::start(&config.telemetry, "warta")?;

    let mut terminate = signal(SignalKind::terminate())?;
    #[cfg(feature = "sandbox")]
    let (network, sandbox) = network(&config, arguments.sandbox).await?;
    #[cfg(not(feature = "sandbox"))]
    let network = Network::default();

    let warta = Warta::start(config, network).await?;
    println!("API on http://{}/api/whatsapp", warta.api);
    println!("WebSocket on ws://{}", warta.socket);
    if let Some(file) = &warta.token_file {
        println!("API token in {}", file.display());
    }
    tokio::select! {
        _ = terminate.recv() => {}
        result = tokio::signal::ctrl_c() => result?,
    }
    tracing::info!("stopping: what is in hand is finished; once more stops at once");
    tokio::select! {
        () = warta.shutdown() => {}
        _ = terminate.recv() => {}
        result = tokio::signal::ctrl_c() => result?,
    }
    #[cfg(feature = "sandbox")]
    if let Some(sandbox) = sandbox {
        sandbox.shutdown().await;
    }
    tokio::task::spawn_blocking(|| telemetry.flush()).await?;
    Ok(())
}

#[cfg(feature = "sandbox")]
async fn network(config: &Config, start: bool) -> Result<(Network, Option<sandbox::Sandbox>)> {
    use anyhow::{Context, bail};
    let (url, sandbox) = match (&config.sandbox.url, start) {
        (None, false) => bail!("this build talks to a sandbox only: start it with --sandbox, or set SANDBOX_URL to one that runs"),
        (Some(_), true) => bail!("--sandbox starts a sandbox and SANDBOX_URL names one: choose one of them"),
        (Some(url), false) => (url.clone(), None),
        (None, true) => {
            let addr = ([127, 0, 0, 1], config.sandbox.port).into();
            let sandbox = sandbox::Sandbox::start(addr).await.context("the sandbox cannot start; set SANDBOX_PORT to another port")?;
            (format!("http://{}", sandbox.addr()), Some(sandbox))
        }
    };
    println!("A sandbox build: it talks to loopback addresses only. Its WhatsApp is on {url}");
    Ok((Network::sandbox(&url)?, sandbox))
}
