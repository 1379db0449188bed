//! Events that were stored, for who missed them.

use async_trait::async_trait;

use super::PortError;
use crate::model::{DeviceId, Event, EventId, UserId};

/// Whose events are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventScope {
    /// Everybody's.
    All,
    /// Those of a user's devices.
    User(UserId),
    /// Those of one device.
    Device(DeviceId),
}

/// The events there are. The `Journal` puts them in.
#[async_trait]
pub trait Events: Send + Sync {
    /// The event, if it is kept.
    async fn get(&self, id: &EventId) -> Result<Option<Event>, PortError>;

    /// Events in the order of their ids, which is that of the time, after `after`, at most `limit`. Those of one device are in the order of `seq`.
    async fn after(&self, after: &EventId, scope: &EventScope, limit: u32) -> Result<Vec<Event>, PortError>;
}
