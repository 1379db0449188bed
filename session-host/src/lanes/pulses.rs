//! Whose heart beats, as far as can be seen from here.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use domain::{model::HostId, ports::Board};

/// The latest beat of each host, and since when it has been known here. No clock but our own is asked.
pub struct Pulses {
    lease: Duration,
    latest: HashMap<HostId, (u64, Instant)>,
}

impl Pulses {
    pub fn new(lease: Duration) -> Self {
        Self { lease, latest: HashMap::new() }
    }

    /// This is the board now.
    pub fn watch(&mut self, board: &Board) {
        let now = Instant::now();
        self.latest.retain(|host, _| board.beat(host).is_some());
        for beat in &board.hosts {
            let latest = self.latest.entry(beat.host.clone()).or_insert((beat.number, now));
            if latest.0 != beat.number {
                *latest = (beat.number, now);
            }
        }
    }

    /// Whether a host has shown no sign of life for a lease's length, or is not on the board at all.
    pub fn is_dead(&self, host: &HostId) -> bool {
        self.latest.get(host).is_none_or(|(_, since)| since.elapsed() >= self.lease)
    }
}
