//! A process of the program, and what it tells of itself if it is a session host.

use rustix::process::{Pid, Signal, kill_process};
use tokio::{process::Child, sync::Mutex};

use super::{PATIENCE, http};

/// A process that ends with this, or earlier.
pub struct Host {
    child: Mutex<Child>,
    /// Where a session host tells of itself.
    health: Option<String>,
}

impl Host {
    pub fn new(child: Child, health: Option<String>) -> Self {
        Self { child: Mutex::new(child), health }
    }

    /// Ends it at once.
    pub async fn kill(&mut self) {
        self.child.get_mut().kill().await.unwrap();
    }

    /// Asks it to end and waits until it has.
    pub async fn terminate(&mut self) {
        self.signal(Signal::TERM);
        let status = tokio::time::timeout(PATIENCE, self.child.get_mut().wait()).await.expect("it does not end").unwrap();
        assert!(status.success(), "{status}");
    }

    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.try_lock().expect("nobody waits for it").id().expect("it runs")).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Waits until it has ended.
    pub async fn wait(&self) {
        self.child.lock().await.wait().await.unwrap();
    }

    /// How many lanes a session host holds.
    pub async fn lanes(&self) -> Option<usize> {
        self.metric("warta_lanes").await
    }

    /// How many devices a session host has on line.
    pub async fn devices(&self) -> Option<usize> {
        self.metric("warta_devices_on_line").await
    }

    /// Where a session host tells of itself.
    pub fn health(&self) -> &str {
        self.health.as_ref().expect("it is a session host")
    }

    async fn metric(&self, name: &str) -> Option<usize> {
        let metrics = http().get(format!("{}/metrics", self.health())).send().await.ok()?.text().await.ok()?;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
        Some(value.unwrap_or_default() as usize)
    }
}
