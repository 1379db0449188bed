//! A program that is measured: started, watched through `/proc`, and ended whatever happens.

use std::{
    fs::{self, File},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::{
    param::{clock_ticks_per_second, page_size},
    process::{Pid, Signal, kill_process},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::{sleep, timeout},
};

/// How long a program may take to say where it listens, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program that spends less than this of a core has nothing to do.
const IDLE: f64 = 0.02;

pub struct Process {
    child: Child,
    pid: u32,
    stdout: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts a program that is killed when this is dropped. What it logs is appended to `log`.
    pub fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("a program cannot start")?;
        let pid = child.id().context("a program ended at once")?;
        let stdout = BufReader::new(child.stdout.take().context("its output is ours")?).lines();
        Ok(Self { child, pid, stdout })
    }

    /// What follows `prefix` on the first line of output that starts with it.
    pub async fn says(&mut self, prefix: &str) -> Result<String> {
        let search = async {
            while let Some(line) = self.stdout.next_line().await? {
                if let Some(rest) = line.strip_prefix(prefix) {
                    return Ok(rest.to_owned());
                }
            }
            bail!("a program ended before it said {prefix:?}")
        };
        timeout(PATIENCE, search).await.with_context(|| format!("waiting for {prefix:?}"))?
    }

    /// The memory it holds, in bytes.
    pub fn rss(&self) -> Result<u64> {
        let statm = fs::read_to_string(format!("/proc/{}/statm", self.pid))?;
        let pages: u64 = statm.split(' ').nth(1).context("statm has more fields")?.parse()?;
        Ok(pages * page_size() as u64)
    }

    /// The processor time it has used.
    pub fn cpu(&self) -> Result<Duration> {
        cpu(&self.pid.to_string())
    }

    /// Waits until it has nothing to do, for some time at most.
    pub async fn idle(&self) -> Result<()> {
        let glance = Duration::from_millis(500);
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let before = self.cpu()?;
            sleep(glance).await;
            if self.cpu()? - before < glance.mul_f64(IDLE) {
                break;
            }
        }
        Ok(())
    }

    /// Tells it to end, and waits until it has.
    pub async fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).context("a process id is a small number")?;
        kill_process(pid, Signal::TERM)?;
        let status = timeout(PATIENCE, self.child.wait()).await.context("a program did not stop")??;
        if status.success() { Ok(()) } else { bail!("a program ended badly: {status}") }
    }
}

/// The processor time this process has used.
pub fn own_cpu() -> Result<Duration> {
    cpu("self")
}

/// The processor time anybody has used on this machine.
pub fn machine_cpu() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("stat begins with the whole machine")?;
    let ticks: Vec<u64> = line.split_ascii_whitespace().skip(1).map(str::parse).collect::<Result<_, _>>()?;
    // user, nice, system, idle, iowait, irq, softirq; what follows is counted among them or is not ours.
    let busy = ticks.iter().take(7).enumerate().filter(|(index, _)| ![3, 4].contains(index)).map(|(_, ticks)| ticks).sum();
    Ok(time(busy))
}

fn cpu(pid: &str) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in brackets, may hold anything; the times are the 12th and 13th field after it.
    let (_, fields) = stat.rsplit_once(')').context("stat has a name")?;
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    let ticks = |index: usize| -> Result<u64> { Ok(fields.get(index).context("stat has more fields")?.parse()?) };
    Ok(time(ticks(11)? + ticks(12)?))
}

fn time(ticks: u64) -> Duration {
    Duration::from_secs_f64(ticks as f64 / clock_ticks_per_second() as f64)
}
