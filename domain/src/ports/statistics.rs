//! Figures of the whole installation.

use async_trait::async_trait;

use super::PortError;
use crate::model::Timestamp;

/// How much is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Devices there are.
    pub devices: u64,
    /// Devices that are connected.
    pub active_devices: u64,
    /// Message records there are.
    pub total_messages: u64,
    /// Message records since the moment asked for.
    pub recent_messages: u64,
    /// Commands that are queued or in hand.
    pub waiting_commands: u64,
    /// Deliveries that are not done.
    pub waiting_deliveries: u64,
}

/// Counts what there is.
#[async_trait]
pub trait Statistics: Send + Sync {
    /// The figures now, with the messages since `since`. Failing means that the store is down.
    async fn snapshot(&self, since: Timestamp) -> Result<Snapshot, PortError>;
}
