//! Many messages asked for at once.

use async_trait::async_trait;

use super::{Accepted, PortError};
use crate::model::{Bulk, BulkId, BulkProgress, DeviceId, Message, Page, PageRequest, Timestamp};

/// The bulks there are. Their messages are messages like any other.
#[async_trait]
pub trait Bulks: Send + Sync {
    /// Stores a bulk with all its messages, which are `Pending`, or nothing of it; unless one of the same device was accepted under the same
    /// idempotency key. Of many calls at once with one key exactly one is `New`.
    async fn accept(&self, bulk: &Bulk, messages: &[Message], idempotency_key: Option<&str>) -> Result<Accepted<Bulk>, PortError>;

    /// The device's bulk that was accepted under this idempotency key.
    async fn accepted(&self, device: &DeviceId, idempotency_key: &str) -> Result<Option<Bulk>, PortError>;

    /// The bulk; it goes away with its device.
    async fn get(&self, id: &BulkId) -> Result<Option<Bulk>, PortError>;

    /// How far its messages are now.
    async fn progress(&self, id: &BulkId) -> Result<BulkProgress, PortError>;

    /// Its messages, in its order.
    async fn messages(&self, id: &BulkId, page: &PageRequest) -> Result<Page<Message>, PortError>;

    /// Sets `cancelled_at`, unless it is set, and answers the bulk as it is then. What is to become of its messages is the host's.
    async fn cancel(&self, id: &BulkId, at: Timestamp) -> Result<Option<Bulk>, PortError>;
}
