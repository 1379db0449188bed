//! Publishing: the state change and its event are stored together, then told to sockets and webhooks.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    panic::resume_unwind,
    sync::Arc,
};

use tokio::sync::{Mutex, MutexGuard};

use crate::{
    model::{DeviceId, Event, EventData, EventDraft},
    ports::{Change, Clock, Epoch, Ids, Journal, PortError, Push, Step},
};

/// Makes what happens to devices known.
#[derive(Clone)]
pub struct Publisher {
    /// Stores it.
    pub journal: Arc<dyn Journal>,
    /// Tells the sockets.
    pub push: Arc<dyn Push>,
    /// Wakes whoever delivers to the device's webhook.
    pub wake: Arc<dyn Fn(&DeviceId) + Send + Sync>,
    /// Tells when it happened.
    pub clock: Arc<dyn Clock>,
    /// Names it.
    pub ids: Arc<dyn Ids>,
    /// Keeps the order in which it is told.
    pub turns: Turns,
    /// The host's turn at holding devices.
    pub epoch: Epoch,
}

/// Those who publish for one device at the same time take turns, so that sockets are told in the order of `seq`.
#[derive(Clone)]
pub struct Turns(Arc<[Mutex<()>]>);

/// Devices that share a turn wait for each other without need, so there are more of these than devices that are busy at once.
const TURNS: usize = 1024;

impl Default for Turns {
    fn default() -> Self {
        Self((0..TURNS).map(|_| Mutex::default()).collect())
    }
}

impl Turns {
    async fn take(&self, device: &DeviceId) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        device.hash(&mut hasher);
        self.0[hasher.finish() as usize % TURNS].lock().await
    }
}

impl Publisher {
    /// A change, and the event that tells of it if there is something to tell.
    pub fn step(&self, change: Change, data: Option<&EventData>) -> Step {
        Step { change, event: data.map(|data| EventDraft::new(self.ids.event(), self.clock.now(), data)) }
    }

    /// Stores the steps and tells what took effect. May be repeated: what is stored already is not told again. May be broken off: what is stored is told
    /// all the same. Must be called within a tokio runtime.
    pub async fn publish(&self, device: &DeviceId, steps: Vec<Step>) -> Result<Vec<Event>, PortError> {
        let (publisher, device) = (self.clone(), device.clone());
        let published = tokio::spawn(async move { publisher.store_and_tell(&device, steps).await });
        published.await.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(stopped) => Err(PortError::unavailable(stopped)),
        })
    }

    async fn store_and_tell(&self, device: &DeviceId, steps: Vec<Step>) -> Result<Vec<Event>, PortError> {
        let _turn = if steps.iter().any(|step| step.event.is_some()) { Some(self.turns.take(device).await) } else { None };
        let events = self.journal.commit(device, self.epoch, steps).await?;
        if events.is_empty() {
            return Ok(events);
        }
        (self.wake)(device);
        for event in &events {
            if let Err(error) = self.push.push(event.clone()).await {
                tracing::warn!(device = %device, event = %event.id, ?error, "an event was not pushed to the sockets");
            }
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use async_trait::async_trait;
    use serde_json::value::RawValue;
    use tokio::{
        sync::{Notify, mpsc},
        time::timeout,
    };

    use super::*;
    use crate::{
        model::EventKind,
        ports::{RandomIds, SystemClock},
    };

    /// Says when it begins to store something, and does so when it is told to.
    #[derive(Default)]
    struct Slow {
        begun: Notify,
        go: Notify,
    }

    #[async_trait]
    impl Journal for Slow {
        async fn commit(&self, device: &DeviceId, _: Epoch, _: Vec<Step>) -> Result<Vec<Event>, PortError> {
            self.begun.notify_one();
            self.go.notified().await;
            let data = Arc::from(RawValue::from_string("{}".into()).unwrap());
            let (id, at, device_id) = (RandomIds.event(), SystemClock.now(), device.clone());
            Ok(vec![Event { id, seq: 1, device_id, kind: EventKind::MessageStatus, at, trace: None, data }])
        }
    }

    struct Told(mpsc::UnboundedSender<&'static str>);

    #[async_trait]
    impl Push for Told {
        async fn push(&self, _: Event) -> Result<(), PortError> {
            self.0.send("a socket").map_err(PortError::unavailable)
        }
    }

    #[tokio::test]
    async fn what_is_stored_is_told_even_if_whoever_asked_is_cut_off() {
        let (journal, (told, mut heard)) = (Arc::new(Slow::default()), mpsc::unbounded_channel());
        let deliverer = told.clone();
        let publisher = Publisher {
            journal: journal.clone(),
            push: Arc::new(Told(told)),
            wake: Arc::new(move |_| deliverer.send("a webhook").unwrap()),
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            turns: Turns::default(),
            epoch: Epoch(1),
        };
        let device = DeviceId::parse("dev_1").unwrap();
        tokio::select! {
            _ = publisher.publish(&device, Vec::new()) => unreachable!("it is slow"),
            () = journal.begun.notified() => {}
        }
        journal.go.notify_one();
        for wanted in ["a webhook", "a socket"] {
            assert_eq!(timeout(Duration::from_secs(5), heard.recv()).await.unwrap(), Some(wanted));
        }
    }
}
