//! How often something may be done.

use std::time::Duration;

use async_trait::async_trait;

use super::PortError;
use crate::model::Timestamp;

/// Where a count stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Whether this time was within the limit.
    pub allowed: bool,
    /// How many times are left in this window.
    pub remaining: u32,
    /// When the window ends and the count begins anew.
    pub resets_at: Timestamp,
}

/// Counts against windows of time that begin with the first count. May forget its counts in a crash.
#[async_trait]
pub trait Limits: Send + Sync {
    /// Counts one more time for `key`, at `now`, against at most `limit` (1 or more) in `window`. Times beyond the limit are not counted.
    async fn count(&self, key: &str, limit: u32, window: Duration, now: Timestamp) -> Result<Count, PortError>;
}
