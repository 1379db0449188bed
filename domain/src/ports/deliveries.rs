//! Events on their way to webhooks. The `Journal` puts them in.

use async_trait::async_trait;

use super::PortError;
use crate::model::{Delivery, DeliveryRecord, DeliveryStatus, DeviceId, EventId, Jid, Page, PageRequest, Replay, Timestamp};

/// The deliveries that are not done.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// Every device with deliveries waiting, for a host that starts.
    async fn waiting(&self) -> Result<Vec<DeviceId>, PortError>;

    /// The device's next deliveries in the order of their events, at most `limit`, due or not, but none of the chats `held` (`None` for what is about no
    /// chat). None if it has no webhook any more: then they are dropped. None while the webhook is paused.
    async fn next(&self, device: &DeviceId, held: &[Option<Jid>], limit: u32) -> Result<Vec<Delivery>, PortError>;

    /// The receiver took it: the delivery is done and counted, and the webhook fails no more.
    async fn succeeded(&self, device: &DeviceId, event: &EventId, at: Timestamp) -> Result<(), PortError>;

    /// A try failed, for a `reason`: counts it, and makes the delivery wait until `due_at`. The webhook fails since `at`, unless it
    /// did already and last within the hour before: of one that is hardly ever tried, two failures are not one that went on. Answers since when.
    async fn failed(
        &self,
        device: &DeviceId,
        event: &EventId,
        at: Timestamp,
        due_at: Timestamp,
        reason: &str,
    ) -> Result<Timestamp, PortError>;

    /// The last try failed: kept as failed, with the reason, and out of the way of the next ones. The webhook fails as in [`Deliveries::failed`].
    async fn give_up(&self, device: &DeviceId, event: &EventId, at: Timestamp, reason: &str) -> Result<Timestamp, PortError>;

    /// The webhook has failed for too long: nothing is tried until it is resumed. What happens meanwhile waits too. Does nothing if it fails no more, as it
    /// was resumed or took something just now.
    async fn pause(&self, device: &DeviceId, at: Timestamp) -> Result<(), PortError>;

    /// The webhook works, or is another one: it fails no more and is paused no more, and everything that waits is due.
    async fn resume(&self, device: &DeviceId, at: Timestamp) -> Result<(), PortError>;

    /// The deliveries that are not done or were given up, newest first.
    async fn list(&self, device: &DeviceId, status: Option<DeliveryStatus>, page: &PageRequest) -> Result<Page<DeliveryRecord>, PortError>;

    /// Puts deliveries back among those that wait, as if never tried, in the places their events have; answers how many.
    async fn replay(&self, device: &DeviceId, which: &Replay, at: Timestamp) -> Result<u64, PortError>;
}
