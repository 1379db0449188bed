//! The load program: what warta bears on this machine, beside what it has to bear. `cargo bench --features sandbox [-- scenario…]`.
//!
//! warta and the sandbox run as processes of their own; this one asks, listens and measures.

mod http;
mod link;
mod process;
mod scenarios;
mod table;
mod webhook;
mod world;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use scenarios::SCENARIOS;
use table::Table;
use tokio::{
    runtime::Builder,
    signal::unix::{SignalKind, signal},
    time::timeout,
};

/// The argument that makes this program the sandbox.
const SANDBOX: &str = "--sandbox";

/// A scenario that takes longer has failed.
const SCENARIO: Duration = Duration::from_secs(75);

fn main() -> Result<()> {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments == [SANDBOX] {
        return sandbox();
    }
    // One thread: whatever is spent here is missing there.
    Builder::new_current_thread().enable_all().build()?.block_on(measure(&arguments))
}

/// Is the sandbox until its standard input ends, and so never longer than the process that started it.
fn sandbox() -> Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let sandbox = runtime.block_on(sandbox::Sandbox::start(([127, 0, 0, 1], 0).into()))?;
    println!("http://{}", sandbox.addr());
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}

async fn measure(names: &[String]) -> Result<()> {
    if let Some(unknown) = names.iter().find(|name| SCENARIOS.iter().all(|known| known != name)) {
        bail!("there is no scenario {unknown:?}, only {}", SCENARIOS.join(", "));
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut table = Table::default();
    let result = tokio::select! {
        result = run(names, &mut table) => result,
        _ = terminate.recv() => Err(anyhow::anyhow!("terminated")),
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    println!("\n{table}");
    result
}

/// Each scenario has a world of its own; one that fails leaves the others their turn.
async fn run(names: &[String], table: &mut Table) -> Result<()> {
    let mut failed = Vec::new();
    for name in SCENARIOS.into_iter().filter(|name| names.is_empty() || names.iter().any(|wanted| wanted == name)) {
        eprintln!("{name} …");
        let started = Instant::now();
        let result = timeout(SCENARIO, scenarios::run(name, table)).await.context("it took too long").flatten();
        match result {
            Ok(()) => eprintln!("{name} took {:.0} s", started.elapsed().as_secs_f64()),
            Err(error) => {
                eprintln!("{name} failed: {error:#}");
                failed.push(name);
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}
