//! Message records.

use async_trait::async_trait;

use super::PortError;
use crate::model::{DeviceId, Message, MessageFilter, MessageId, MessageTally, Page, PageRequest, Timestamp};

/// What became of a message offered to [`Messages::accept`], or of a bulk offered to [`Bulks::accept`](super::Bulks::accept).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted<T> {
    /// It was stored.
    New,
    /// Its idempotency key was used before, by this one, which is as it is now.
    Repeated(Box<T>),
}

/// The messages there are. Once accepted or received, they change by the `Journal` alone.
#[async_trait]
pub trait Messages: Send + Sync {
    /// Stores a `Pending` outgoing message, unless one of the same device was accepted under the same idempotency key.
    /// Of many calls at once with one key exactly one is `New`.
    async fn accept(&self, message: &Message, idempotency_key: Option<&str>) -> Result<Accepted<Message>, PortError>;

    /// The device's message that was accepted under this idempotency key, as it is now.
    async fn accepted(&self, device: &DeviceId, idempotency_key: &str) -> Result<Option<Message>, PortError>;

    /// A message of the device by its id; of several with one id (ids of others are unique within their chat only) the newest.
    async fn get(&self, device: &DeviceId, id: &MessageId) -> Result<Option<Message>, PortError>;

    /// Messages, newest first. Fails with nothing but unavailability: a cursor of another list starts somewhere, harmlessly.
    /// Its cost grows with the page and with what the chat holds if there is one, never with what the store holds.
    async fn list(&self, filter: &MessageFilter, page: &PageRequest) -> Result<Page<Message>, PortError>;

    /// How many messages meet the filter; costs no more than a page.
    async fn tally(&self, filter: &MessageFilter) -> Result<MessageTally, PortError>;

    /// At most `limit` messages still `Pending` that were due before `before`, oldest first: what a crash may have left without a command.
    async fn pending(&self, before: Timestamp, limit: u32) -> Result<Vec<Message>, PortError>;

    /// At most `limit` messages of the device whose file is still to be downloaded, oldest first.
    async fn awaiting_media(&self, device: &DeviceId, limit: u32) -> Result<Vec<Message>, PortError>;
}
