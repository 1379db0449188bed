//! A queue as SQS can be: slow to let commands go, and taking what is due for what it had of the same command before.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    model::{CommandId, Envelope},
    ports::{Clock, CommandSink, CommandSource, PortError, Received, SystemClock},
};
use embedded::Store;
use tokio::time::sleep;

/// A store's commands, through such a queue. Clones share what it had.
#[derive(Clone)]
pub struct SlowQueue {
    pub store: Store,
    /// How long it takes to let commands go.
    pub slowness: Duration,
    pub had: Arc<Mutex<HashSet<CommandId>>>,
}

#[async_trait]
impl CommandSink for SlowQueue {
    async fn enqueue(&self, envelope: &Envelope) -> Result<(), PortError> {
        if envelope.due_at <= SystemClock.now() && !self.had.lock().unwrap().insert(envelope.id.clone()) {
            return Ok(());
        }
        self.store.enqueue(envelope).await
    }
}

#[async_trait]
impl CommandSource for SlowQueue {
    async fn receive(&self, max: usize) -> Result<Vec<Received>, PortError> {
        let received = self.store.receive(max).await?;
        self.had.lock().unwrap().extend(received.iter().map(|received| received.envelope.id.clone()));
        Ok(received)
    }

    async fn acknowledge(&self, receipts: &[String]) -> Result<(), PortError> {
        sleep(self.slowness).await;
        self.store.acknowledge(receipts).await
    }

    async fn retry(&self, receipt: &str, delay: Duration) -> Result<(), PortError> {
        self.store.retry(receipt, delay).await
    }

    async fn bury(&self, receipt: &str, reason: &str) -> Result<(), PortError> {
        self.store.bury(receipt, reason).await
    }
}
