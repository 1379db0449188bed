//! Dying at a chosen step, so that tests can look at what a crash there leaves behind. Only sandbox builds have it.

use std::{str::FromStr, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    model::{
        Bulk, BulkId, BulkProgress, Delivery, DeliveryRecord, DeliveryStatus, DeviceId, Envelope, Event, EventId, Jid, Message,
        MessageFilter, MessageId, MessageStatus, MessageTally, Page, PageRequest, Replay, Timestamp,
    },
    ports::{Accepted, Bulks, Change, CommandSink, CommandSource, Deliveries, Epoch, Journal, Messages, PortError, Received, Step},
};
use embedded::Store;

/// A step of the way of a command or an event, and the side of it to die on: `enqueue/before`, `sent/after`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrashAt(String);

/// Every step there is.
const STEPS: [&str; 9] = ["accept", "enqueue", "receive", "sent", "received", "media", "changed", "acknowledge", "delivered"];

impl FromStr for CrashAt {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (step, side) = text.split_once('/').ok_or(())?;
        let known = STEPS.contains(&step) && ["before", "after"].contains(&side);
        known.then(|| Self(text.to_owned())).ok_or(())
    }
}

/// The store, on a machine that loses power at one step.
#[derive(Clone)]
pub struct Crashing {
    /// The store itself.
    pub store: Store,
    /// Where to die; `None` lives on.
    pub at: Option<CrashAt>,
}

impl Crashing {
    async fn around<T>(&self, step: &str, call: impl Future<Output = Result<T, PortError>>) -> Result<T, PortError> {
        self.die_at(step, "before");
        let result = call.await;
        if result.is_ok() {
            self.die_at(step, "after");
        }
        result
    }

    fn die_at(&self, step: &str, side: &str) {
        if self.at.as_ref().is_some_and(|at| at.0.split_once('/') == Some((step, side))) {
            std::process::abort();
        }
    }
}

#[async_trait]
impl Messages for Crashing {
    async fn accept(&self, message: &Message, idempotency_key: Option<&str>) -> Result<Accepted<Message>, PortError> {
        self.around("accept", Messages::accept(&self.store, message, idempotency_key)).await
    }

    async fn accepted(&self, device: &DeviceId, idempotency_key: &str) -> Result<Option<Message>, PortError> {
        Messages::accepted(&self.store, device, idempotency_key).await
    }

    async fn get(&self, device: &DeviceId, id: &MessageId) -> Result<Option<Message>, PortError> {
        Messages::get(&self.store, device, id).await
    }

    async fn list(&self, filter: &MessageFilter, page: &PageRequest) -> Result<Page<Message>, PortError> {
        Messages::list(&self.store, filter, page).await
    }

    async fn tally(&self, filter: &MessageFilter) -> Result<MessageTally, PortError> {
        self.store.tally(filter).await
    }

    async fn pending(&self, before: Timestamp, limit: u32) -> Result<Vec<Message>, PortError> {
        self.store.pending(before, limit).await
    }

    async fn awaiting_media(&self, device: &DeviceId, limit: u32) -> Result<Vec<Message>, PortError> {
        self.store.awaiting_media(device, limit).await
    }
}

#[async_trait]
impl Bulks for Crashing {
    async fn accept(&self, bulk: &Bulk, messages: &[Message], idempotency_key: Option<&str>) -> Result<Accepted<Bulk>, PortError> {
        self.around("accept", Bulks::accept(&self.store, bulk, messages, idempotency_key)).await
    }

    async fn accepted(&self, device: &DeviceId, idempotency_key: &str) -> Result<Option<Bulk>, PortError> {
        Bulks::accepted(&self.store, device, idempotency_key).await
    }

    async fn get(&self, id: &BulkId) -> Result<Option<Bulk>, PortError> {
        Bulks::get(&self.store, id).await
    }

    async fn progress(&self, id: &BulkId) -> Result<BulkProgress, PortError> {
        self.store.progress(id).await
    }

    async fn messages(&self, id: &BulkId, page: &PageRequest) -> Result<Page<Message>, PortError> {
        self.store.messages(id, page).await
    }

    async fn cancel(&self, id: &BulkId, at: Timestamp) -> Result<Option<Bulk>, PortError> {
        self.store.cancel(id, at).await
    }
}

#[async_trait]
impl CommandSink for Crashing {
    async fn enqueue(&self, envelope: &Envelope) -> Result<(), PortError> {
        self.around("enqueue", self.store.enqueue(envelope)).await
    }
}

#[async_trait]
impl CommandSource for Crashing {
    async fn receive(&self, max: usize) -> Result<Vec<Received>, PortError> {
        self.around("receive", self.store.receive(max)).await
    }

    async fn acknowledge(&self, receipts: &[String]) -> Result<(), PortError> {
        self.around("acknowledge", self.store.acknowledge(receipts)).await
    }

    async fn retry(&self, receipt: &str, delay: Duration) -> Result<(), PortError> {
        self.store.retry(receipt, delay).await
    }

    async fn bury(&self, receipt: &str, reason: &str) -> Result<(), PortError> {
        self.store.bury(receipt, reason).await
    }
}

#[async_trait]
impl Journal for Crashing {
    async fn commit(&self, device: &DeviceId, epoch: Epoch, steps: Vec<Step>) -> Result<Vec<Event>, PortError> {
        let step = steps.iter().find_map(|step| match step.change {
            Change::Status { status: MessageStatus::Sent, .. } => Some("sent"),
            Change::Message(_) => Some("received"),
            Change::Media { .. } => Some("media"),
            Change::Edited { .. } | Change::Deleted { .. } => Some("changed"),
            _ => None,
        });
        let commit = self.store.commit(device, epoch, steps);
        match step {
            Some(step) => self.around(step, commit).await,
            None => commit.await,
        }
    }
}

#[async_trait]
impl Deliveries for Crashing {
    async fn waiting(&self) -> Result<Vec<DeviceId>, PortError> {
        self.store.waiting().await
    }

    async fn next(&self, device: &DeviceId, held: &[Option<Jid>], limit: u32) -> Result<Vec<Delivery>, PortError> {
        self.store.next(device, held, limit).await
    }

    async fn succeeded(&self, device: &DeviceId, event: &EventId, at: Timestamp) -> Result<(), PortError> {
        self.around("delivered", self.store.succeeded(device, event, at)).await
    }

    async fn failed(
        &self,
        device: &DeviceId,
        event: &EventId,
        at: Timestamp,
        due_at: Timestamp,
        reason: &str,
    ) -> Result<Timestamp, PortError> {
        self.store.failed(device, event, at, due_at, reason).await
    }

    async fn give_up(&self, device: &DeviceId, event: &EventId, at: Timestamp, reason: &str) -> Result<Timestamp, PortError> {
        self.store.give_up(device, event, at, reason).await
    }

    async fn pause(&self, device: &DeviceId, at: Timestamp) -> Result<(), PortError> {
        self.store.pause(device, at).await
    }

    async fn resume(&self, device: &DeviceId, at: Timestamp) -> Result<(), PortError> {
        self.store.resume(device, at).await
    }

    async fn list(&self, device: &DeviceId, status: Option<DeliveryStatus>, page: &PageRequest) -> Result<Page<DeliveryRecord>, PortError> {
        Deliveries::list(&self.store, device, status, page).await
    }

    async fn replay(&self, device: &DeviceId, which: &Replay, at: Timestamp) -> Result<u64, PortError> {
        self.store.replay(device, which, at).await
    }
}

/// The store behind the ports that lie on the way of a command or an event.
pub fn crashing(store: &Store, at: Option<CrashAt>) -> Arc<Crashing> {
    Arc::new(Crashing { store: store.clone(), at })
}
