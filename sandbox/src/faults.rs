//! Bad weather, switched on and off through the remote control.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

#[derive(Default)]
pub struct Faults {
    refuse_connections: AtomicBool,
    ack_delay_ms: AtomicU64,
    nack_next: AtomicU32,
}

impl Faults {
    pub fn refuse_connections(&self, refuse: bool) {
        self.refuse_connections.store(refuse, Ordering::Relaxed);
    }

    pub fn delay_acks(&self, delay_ms: u64) {
        self.ack_delay_ms.store(delay_ms, Ordering::Relaxed);
    }

    pub fn nack_next(&self, count: u32) {
        self.nack_next.store(count, Ordering::Relaxed);
    }

    pub fn clear(&self) {
        self.refuse_connections(false);
        self.delay_acks(0);
        self.nack_next(0);
    }

    pub fn refuses_connections(&self) -> bool {
        self.refuse_connections.load(Ordering::Relaxed)
    }

    pub fn ack_delay(&self) -> Option<Duration> {
        match self.ack_delay_ms.load(Ordering::Relaxed) {
            0 => None,
            delay_ms => Some(Duration::from_millis(delay_ms)),
        }
    }

    /// Whether this message is one of those to refuse; counts it if so.
    pub fn refuses_message(&self) -> bool {
        self.nack_next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}
