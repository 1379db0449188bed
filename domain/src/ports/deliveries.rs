//! Events on their way to webhooks. The `Journal` puts them in.

use async_trait::async_trait;

use super::PortError;
use crate::model::{Delivery, DeviceId, EventId, Timestamp};

/// The deliveries that are not done.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// Every device with deliveries waiting, for a host that starts.
    async fn waiting(&self) -> Result<Vec<DeviceId>, PortError>;

    /// The device's next deliveries in the order of their events, at most `limit`, due or not. None if it has no webhook any more: then they are dropped.
    async fn next(&self, device: &DeviceId, limit: u32) -> Result<Vec<Delivery>, PortError>;

    /// The receiver took it: the delivery is done and counted.
    async fn succeeded(&self, device: &DeviceId, event: &EventId, at: Timestamp) -> Result<(), PortError>;

    /// A try failed: counts it, and makes the delivery wait until `due_at`.
    async fn failed(&self, device: &DeviceId, event: &EventId, at: Timestamp, due_at: Timestamp) -> Result<(), PortError>;

    /// The last try failed: kept as failed, with the reason, and out of the way of the next ones.
    async fn give_up(&self, device: &DeviceId, event: &EventId, at: Timestamp, reason: &str) -> Result<(), PortError>;
}
