//! The two names of one person.

use async_trait::async_trait;

use super::PortError;
use crate::model::{DeviceId, Jid};

/// What the `Journal` learned by [`Change::Alias`](super::Change::Alias), per device.
#[async_trait]
pub trait Aliases: Send + Sync {
    /// The number behind a hidden id, if it is known.
    async fn phone(&self, device: &DeviceId, lid: &Jid) -> Result<Option<Jid>, PortError>;

    /// The hidden id of a number, if it is known: the one learned last.
    async fn lid(&self, device: &DeviceId, phone: &Jid) -> Result<Option<Jid>, PortError>;
}
