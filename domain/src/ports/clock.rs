//! The time.

use crate::model::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now. May stand still or jump back; nothing may break when it does.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(chrono::Utc::now().timestamp_millis())
    }
}
