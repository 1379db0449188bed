//! A fresh warta and a fresh sandbox, each in a process of its own.

use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    SANDBOX,
    process::{Process, machine_cpu, own_cpu},
    table::Split,
};

/// The operator's token.
pub const TOKEN: &str = "load";

/// What every endpoint starts with.
pub const BASE: &str = "/api/whatsapp";

/// Limits are not what is measured here.
const UNLIMITED: [&str; 4] =
    ["RATE_LIMIT_IP_PER_HOUR", "RATE_LIMIT_MESSAGES_PER_MINUTE", "RATE_LIMIT_MEDIA_PER_MINUTE", "RATE_LIMIT_QR_PER_MINUTE"];

pub struct World {
    pub warta: Process,
    /// Where warta's API listens.
    pub api: SocketAddr,
    /// Where the sandbox listens.
    pub phones: SocketAddr,
    sandbox: Process,
    folder: TempDir,
}

impl World {
    /// Starts both in an empty folder.
    pub async fn start() -> Result<Self> {
        Self::start_in(TempDir::with_prefix("warta-load-")?).await
    }

    /// Starts both in a folder whose [`data`] may hold a store already.
    pub async fn start_in(folder: TempDir) -> Result<Self> {
        let mut sandbox = Process::start(Command::new(std::env::current_exe()?).arg(SANDBOX), &folder.path().join("sandbox.log"))?;
        let phones = sandbox.says("http://").await?.parse()?;
        let (warta, api) = start(&folder, phones).await?;
        Ok(Self { warta, api, phones, sandbox, folder })
    }

    /// Stops warta, starts it on the same folder, and answers with the moment of the start.
    pub async fn restart(self) -> Result<(Self, Instant)> {
        let Self { warta, phones, sandbox, folder, .. } = self;
        warta.stop().await?;
        let started = Instant::now();
        let (warta, api) = start(&folder, phones).await?;
        Ok((Self { warta, api, phones, sandbox, folder }, started))
    }

    /// Begins to measure who uses the processor.
    pub fn meter(&self) -> Result<Meter> {
        Ok(Meter { at: Instant::now(), used: self.used()? })
    }

    fn used(&self) -> Result<[Duration; 4]> {
        Ok([self.warta.cpu()?, self.sandbox.cpu()?, own_cpu()?, machine_cpu()?])
    }

    /// The size of warta's database, its log included.
    pub fn stored(&self) -> Result<u64> {
        fs::read_dir(data(&self.folder))?.try_fold(0, |sum, file| Ok(sum + file?.metadata()?.len()))
    }

    /// Ends both.
    pub async fn stop(self) -> Result<()> {
        self.warta.stop().await
    }
}

/// The use of the processor since some moment.
pub struct Meter {
    at: Instant,
    used: [Duration; 4],
}

impl Meter {
    /// Who used how much of one core since then.
    pub fn read(&self, world: &World) -> Result<Split> {
        let elapsed = self.at.elapsed();
        let now = world.used()?;
        let [warta, sandbox, load, all] = [0, 1, 2, 3].map(|index| (now[index] - self.used[index]).div_duration_f64(elapsed));
        Ok(Split { warta, sandbox, load, others: (all - warta - sandbox - load).max(0.0) })
    }
}

async fn start(folder: &TempDir, phones: SocketAddr) -> Result<(Process, SocketAddr)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warta"));
    command
        .envs([("PORT", "0"), ("WS_PORT", "0"), ("API_TOKEN", TOKEN)])
        .envs(UNLIMITED.map(|limit| (limit, "0")))
        .env("SANDBOX_URL", format!("http://{phones}"))
        .env("DATA_DIR", data(folder));
    let mut warta = Process::start(&mut command, &folder.path().join("warta.log"))?;
    let url = warta.says("API on http://").await.with_context(|| {
        let log = fs::read_to_string(folder.path().join("warta.log")).unwrap_or_default();
        format!("warta did not start:\n{log}")
    })?;
    Ok((warta, url.trim_end_matches(BASE).parse()?))
}

/// Where in a world's folder warta's own data is.
pub fn data(folder: &TempDir) -> PathBuf {
    folder.path().join("data")
}
