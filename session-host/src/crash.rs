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

use crate::Ports;

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

/// The ports, on a machine that loses power at one step.
struct Crashing {
    ports: Ports,
    /// Where to die; `None` lives on.
    at: Option<CrashAt>,
}

/// The ports, those that lie on the way of a command or an event wrapped.
pub fn crashing(ports: Ports, at: Option<CrashAt>) -> Ports {
    let steps = Arc::new(Crashing { ports: ports.clone(), at });
    Ports {
        messages: steps.clone(),
        bulks: steps.clone(),
        journal: steps.clone(),
        commands: steps.clone(),
        sink: steps.clone(),
        deliveries: steps,
        ..ports
    }
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
        self.around("accept", self.ports.messages.accept(message, idempotency_key)).await
    }

    async fn accepted(&self, device: &DeviceId, idempotency_key: &str) -> Result<Option<Message>, PortError> {
        self.ports.messages.accepted(device, idempotency_key).await
    }

    async fn get(&self, device: &DeviceId, id: &MessageId) -> Result<Option<Message>, PortError> {
        self.ports.messages.get(device, id).await
    }

    async fn list(&self, filter: &MessageFilter, page: &PageRequest) -> Result<Page<Message>, PortError> {
        self.ports.messages.list(filter, page).await
    }

    async fn tally(&self, filter: &MessageFilter) -> Result<MessageTally, PortError> {
        self.ports.messages.tally(filter).await
    }

    async fn pending(&self, before: Timestamp, limit: u32) -> Result<Vec<Message>, PortError> {
        self.ports.messages.pending(before, limit).await
    }

    async fn awaiting_media(&self, device: &DeviceId, limit: u32) -> Result<Vec<Message>, PortError> {
        self.ports.messages.awaiting_media(device, limit).await
    }
}

#[async_trait]
impl Bulks for Crashing {
    async fn accept(&self, bulk: &Bulk, messages: &[Message], idempotency_key: Option<&str>) -> Result<Accepted<Bulk>, PortError> {
        self.around("accept", self.ports.bulks.accept(bulk, messages, idempotency_key)).await
    }

    async fn accepted(&self, device: &DeviceId, idempotency_key: &str) -> Result<Option<Bulk>, PortError> {
        self.ports.bulks.accepted(device, idempotency_key).await
    }

    async fn get(&self, id: &BulkId) -> Result<Option<Bulk>, PortError> {
        self.ports.bulks.get(id).await
    }

    async fn progress(&self, id: &BulkId) -> Result<BulkProgress, PortError> {
        self.ports.bulks.progress(id).await
    }

    async fn messages(&self, id: &BulkId, page: &PageRequest) -> Result<Page<Message>, PortError> {
        self.ports.bulks.messages(id, page).await
    }

    async fn cancel(&self, id: &BulkId, at: Timestamp) -> Result<Option<Bulk>, PortError> {
        self.ports.bulks.cancel(id, at).await
    }
}

#[async_trait]
impl CommandSink for Crashing {
    async fn enqueue(&self, envelope: &Envelope) -> Result<(), PortError> {
        self.around("enqueue", self.ports.sink.enqueue(envelope)).await
    }
}

#[async_trait]
impl CommandSource for Crashing {
    async fn receive(&self, max: usize) -> Result<Vec<Received>, PortError> {
        self.around("receive", self.ports.commands.receive(max)).await
    }

    async fn acknowledge(&self, receipts: &[String]) -> Result<(), PortError> {
        self.around("acknowledge", self.ports.commands.acknowledge(receipts)).await
    }

    async fn retry(&self, receipt: &str, delay: Duration) -> Result<(), PortError> {
        self.ports.commands.retry(receipt, delay).await
    }

    async fn bury(&self, receipt: &str, reason: &str) -> Result<(), PortError> {
        self.ports.commands.bury(receipt, reason).await
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
        let commit = self.ports.journal.commit(device, epoch, steps);
        match step {
            Some(step) => self.around(step, commit).await,
            None => commit.await,
        }
    }
}

#[async_trait]
impl Deliveries for Crashing {
    async fn waiting(&self) -> Result<Vec<DeviceId>, PortError> {
        self.ports.deliveries.waiting().await
    }

    async fn next(&self, device: &DeviceId, held: &[Option<Jid>], limit: u32) -> Result<Vec<Delivery>, PortError> {
        self.ports.deliveries.next(device, held, limit).await
    }

    async fn succeeded(&self, device: &DeviceId, event: &EventId, at: Timestamp) -> Result<(), PortError> {
        self.around("delivered", self.ports.deliveries.succeeded(device, event, at)).await
    }

    async fn failed(
        &self,
        device: &DeviceId,
        event: &EventId,
        at: Timestamp,
        due_at: Timestamp,
        reason: &str,
    ) -> Result<Timestamp, PortError> {
        self.ports.deliveries.failed(device, event, at, due_at, reason).await
    }

    async fn give_up(&self, device: &DeviceId, event: &EventId, at: Timestamp, reason: &str) -> Result<Timestamp, PortError> {
        self.ports.deliveries.give_up(device, event, at, reason).await
    }

    async fn pause(&self, device: &DeviceId, at: Timestamp) -> Result<(), PortError> {
        self.ports.deliveries.pause(device, at).await
    }

    async fn resume(&self, device: &DeviceId, at: Timestamp) -> Result<(), PortError> {
        self.ports.deliveries.resume(device, at).await
    }

    async fn list(&self, device: &DeviceId, status: Option<DeliveryStatus>, page: &PageRequest) -> Result<Page<DeliveryRecord>, PortError> {
        self.ports.deliveries.list(device, status, page).await
    }

    async fn replay(&self, device: &DeviceId, which: &Replay, at: Timestamp) -> Result<u64, PortError> {
        self.ports.deliveries.replay(device, which, at).await
    }
}
