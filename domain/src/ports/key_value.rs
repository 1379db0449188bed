//! A small fenced key-value store: what the WhatsApp device store is built on.

use async_trait::async_trait;

use super::{Epoch, PortError};
use crate::model::{DeviceId, Timestamp};

/// One write of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Sets `key` to `value`, whatever it was before.
    Put {
        /// Text without control characters, at most 512 bytes.
        key: String,
        /// At most 300 KB.
        value: Vec<u8>,
        /// From this moment on the key is absent to every read, whether or not it was deleted yet.
        expires_at: Option<Timestamp>,
    },
    /// Removes `key`; absent is fine.
    Delete {
        /// The key to remove.
        key: String,
    },
}

/// Keys and values of one device at a time. Keys sort by their bytes.
#[async_trait]
pub trait KeyValue: Send + Sync {
    /// The value of `key` as the last successful write left it (reads are never stale), or `None`.
    async fn get(&self, device: &DeviceId, key: &str) -> Result<Option<Vec<u8>>, PortError>;

    /// The values of `keys`, in their order.
    async fn get_many(&self, device: &DeviceId, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, PortError>;

    /// Every key that starts with `prefix`, with its value, in key order.
    async fn list(&self, device: &DeviceId, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, PortError>;

    /// Applies all `ops` in order, or none; a later op on one key wins. A crash leaves all of them or none. More than 99, or more than 3.5 MB, may be applied
    /// in parts, each of which is. An empty batch does nothing.
    /// Fails with [`PortError::Fenced`] and writes nothing if a host with a later epoch has written to, or taken over, the device.
    async fn write(&self, device: &DeviceId, epoch: Epoch, ops: Vec<Op>) -> Result<(), PortError>;

    /// Removes every key of the device, however many; fenced like [`KeyValue::write`]. A crash may leave some: repeat it.
    async fn clear(&self, device: &DeviceId, epoch: Epoch) -> Result<(), PortError>;
}
