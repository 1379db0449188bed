//! Events handed to the sockets of this process.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    model::Event,
    ports::{PortError, Push, Subscription},
};
use tokio::sync::broadcast;

/// Events a listener may fall behind before it is told that it lagged.
const CAPACITY: usize = 4096;

/// Tells events to everybody who listens in this process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct InProcessPush(broadcast::Sender<Arc<Event>>);

impl InProcessPush {
    /// Nobody listens yet.
    pub fn new() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }
}

impl Default for InProcessPush {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Push for InProcessPush {
    async fn push(&self, event: Event) -> Result<(), PortError> {
        // An error says that nobody listens, which is fine.
        drop(self.0.send(Arc::new(event)));
        Ok(())
    }
}

impl Subscription for InProcessPush {
    fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.0.subscribe()
    }
}
