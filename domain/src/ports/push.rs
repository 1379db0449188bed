//! Events on their way to open sockets.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::broadcast;

use super::PortError;
use crate::model::Event;

/// Sends events to whoever listens now. Nobody listening is fine; the event is stored already.
#[async_trait]
pub trait Push: Send + Sync {
    /// Sends one event to all listeners, without waiting for slow ones.
    async fn push(&self, event: Event) -> Result<(), PortError>;
}

/// Listens to events where sockets live in this process.
pub trait Subscription: Send + Sync {
    /// Everything pushed from now on. A listener that falls too far behind is told that it lagged.
    fn subscribe(&self) -> broadcast::Receiver<Arc<Event>>;
}
