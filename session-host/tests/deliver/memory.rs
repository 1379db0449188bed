//! Deliveries in memory, and what became of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    model::{
        Delivery, DeliveryRecord, DeliveryStatus, DeviceId, Event, EventData, EventDraft, EventId, Jid, Page, PageRequest, Replay, Status,
        Timestamp, WebhookSettings,
    },
    ports::{Clock, Deliveries, PortError, SystemClock},
};
use tokio::{sync::watch, time};

/// A failed try.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failed {
    pub seq: u64,
    pub at: Timestamp,
    pub due_at: Timestamp,
}

#[derive(Default)]
pub struct State {
    pub webhooks: BTreeMap<DeviceId, WebhookSettings>,
    waiting: BTreeMap<DeviceId, BTreeMap<u64, Waiting>>,
    stored: BTreeMap<DeviceId, u64>,
    pub done: Vec<(DeviceId, u64)>,
    pub failed: Vec<Failed>,
    pub given_up: Vec<(u64, String)>,
    /// Since when each webhook has failed.
    failing: BTreeMap<DeviceId, Timestamp>,
    pub paused: BTreeSet<DeviceId>,
    /// How often each device's deliveries were read.
    pub reads: BTreeMap<DeviceId, usize>,
    /// The next so many calls fail.
    pub broken: usize,
}

struct Waiting {
    event: Event,
    chat: Option<Jid>,
    attempts: u32,
    due_at: Timestamp,
}

impl State {
    pub fn done_by(&self, device: &DeviceId) -> Vec<u64> {
        self.done.iter().filter(|(by, _)| by == device).map(|(_, seq)| *seq).collect()
    }

    pub fn reads_of(&self, device: &DeviceId) -> usize {
        self.reads.get(device).copied().unwrap_or(0)
    }

    /// The delivery of an event, which has to be the first of its chat.
    fn head(&mut self, device: &DeviceId, event: &EventId) -> &mut Waiting {
        let waiting = self.waiting.get_mut(device).expect("something waits");
        let seq = *waiting.iter().find(|(_, waiting)| waiting.event.id == *event).expect("it waits").0;
        let first = waiting.values().find(|first| first.chat == waiting[&seq].chat).expect("it is there").event.seq;
        assert_eq!(first, seq, "only the first of a chat may be marked");
        waiting.get_mut(&seq).expect("it waits")
    }

    fn pop(&mut self, device: &DeviceId, event: &EventId) -> u64 {
        let seq = self.head(device, event).event.seq;
        self.waiting.get_mut(device).expect("something waits").remove(&seq);
        seq
    }

    /// The webhook works again, as its user sees it.
    pub fn resume(&mut self, device: &DeviceId) {
        self.paused.remove(device);
        self.failing.remove(device);
        self.waiting.get_mut(device).into_iter().flat_map(BTreeMap::values_mut).for_each(|w| w.due_at = Timestamp::from_millis(0));
    }
}

pub struct Memory {
    state: Mutex<State>,
    changes: watch::Sender<()>,
}

impl Memory {
    pub fn new() -> Self {
        Self { state: Mutex::default(), changes: watch::channel(()).0 }
    }

    pub fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        let answer = f(&mut self.state.lock().unwrap());
        self.changes.send_replace(());
        answer
    }

    /// Stores an event that says `text`, about no chat.
    pub fn add(&self, device: &DeviceId, text: &str) {
        self.add_to(device, None, text);
    }

    /// Stores an event that says `text`, about a chat.
    pub fn add_to(&self, device: &DeviceId, chat: Option<&Jid>, text: &str) {
        let now = SystemClock.now();
        let data = EventData::ConnectionUpdate { status: Status::Connected, phone_number: None, reason: Some(text.into()) };
        self.with(|state| {
            let seq = state.stored.entry(device.clone()).or_default();
            *seq += 1;
            let id = EventId::parse(format!("evt_{device}_{seq}")).unwrap();
            let EventDraft { id, kind, at, data, trace, .. } = EventDraft::new(id, now, &data);
            let event = Event { id, seq: *seq, device_id: device.clone(), kind, at, trace, data };
            let waiting = Waiting { event, chat: chat.cloned(), attempts: 0, due_at: Timestamp::from_millis(0) };
            state.waiting.entry(device.clone()).or_default().insert(waiting.event.seq, waiting);
        });
    }

    /// Waits until something is so.
    pub async fn until(&self, so: impl Fn(&State) -> bool) {
        let mut changes = self.changes.subscribe();
        let wait = async {
            while !so(&self.state.lock().unwrap()) {
                changes.changed().await.unwrap();
            }
        };
        time::timeout(Duration::from_secs(20), wait).await.expect("it became so in time");
    }

    fn call<T>(&self, f: impl FnOnce(&mut State) -> T) -> Result<T, PortError> {
        self.with(|state| {
            if state.broken > 0 {
                state.broken -= 1;
                return Err(PortError::unavailable("broken"));
            }
            Ok(f(state))
        })
    }
}

#[async_trait]
impl Deliveries for Memory {
    async fn waiting(&self) -> Result<Vec<DeviceId>, PortError> {
        self.call(|state| state.waiting.iter().filter(|(_, waiting)| !waiting.is_empty()).map(|(device, _)| device.clone()).collect())
    }

    async fn next(&self, device: &DeviceId, held: &[Option<Jid>], limit: u32) -> Result<Vec<Delivery>, PortError> {
        let batch = self.call(|state| {
            *state.reads.entry(device.clone()).or_default() += 1;
            if state.paused.contains(device) {
                return Vec::new();
            }
            let webhook = &state.webhooks[device];
            let waiting = state.waiting.get(device).into_iter().flat_map(BTreeMap::values);
            let free = waiting.filter(|waiting| !held.contains(&waiting.chat)).take(limit as usize);
            let delivery = |w: &Waiting| {
                let (event, chat, webhook) = (w.event.clone(), w.chat.clone(), webhook.clone());
                Delivery { event, chat, webhook, attempts: w.attempts, due_at: w.due_at }
            };
            free.map(delivery).collect()
        });
        tokio::task::yield_now().await;
        batch
    }

    async fn succeeded(&self, device: &DeviceId, event: &EventId, _at: Timestamp) -> Result<(), PortError> {
        self.call(|state| {
            let seq = state.pop(device, event);
            state.done.push((device.clone(), seq));
            state.failing.remove(device);
        })
    }

    async fn failed(
        &self,
        device: &DeviceId,
        event: &EventId,
        at: Timestamp,
        due_at: Timestamp,
        _reason: &str,
    ) -> Result<Timestamp, PortError> {
        self.call(|state| {
            let head = state.head(device, event);
            head.attempts += 1;
            head.due_at = due_at;
            let seq = head.event.seq;
            state.failed.push(Failed { seq, at, due_at });
            *state.failing.entry(device.clone()).or_insert(at)
        })
    }

    async fn give_up(&self, device: &DeviceId, event: &EventId, at: Timestamp, reason: &str) -> Result<Timestamp, PortError> {
        self.call(|state| {
            let seq = state.pop(device, event);
            state.given_up.push((seq, reason.into()));
            *state.failing.entry(device.clone()).or_insert(at)
        })
    }

    async fn pause(&self, device: &DeviceId, _at: Timestamp) -> Result<(), PortError> {
        self.call(|state| state.paused.extend([device.clone()]))
    }

    async fn resume(&self, device: &DeviceId, _at: Timestamp) -> Result<(), PortError> {
        self.call(|state| state.resume(device))
    }

    async fn list(&self, _: &DeviceId, _: Option<DeliveryStatus>, _: &PageRequest) -> Result<Page<DeliveryRecord>, PortError> {
        unreachable!("nobody asks here")
    }

    async fn replay(&self, _: &DeviceId, _: &Replay, _: Timestamp) -> Result<u64, PortError> {
        unreachable!("nobody asks here")
    }
}
