//! An API whose store is down.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    model::{
        CommandId, Device, DeviceFilter, DeviceId, DeviceUpdate, Envelope, Event, Message, MessageFilter, MessageId, Outcome, Page,
        PageRequest, Removed, SessionId, Timestamp, UserId,
    },
    pipeline::Intake,
    ports::{Accepted, CommandSink, Devices, Messages, PortError, RandomIds, Replies, Snapshot, Statistics, Subscription, SystemClock},
};
use functions::{Api, ApiConfig};
use tokio::sync::broadcast;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The operator's token of these tests.
pub const TOKEN: &str = "t0ken+&";
/// Looking for this session makes the store panic.
pub const PANICKING_SESSION: &str = "panicking";

/// An API over a store that is down, and where its sockets' events come from: at most two wait for a slow one.
pub fn api() -> (Api, broadcast::Sender<Arc<Event>>) {
    let (events, _) = broadcast::channel(2);
    let down = Arc::new(Down);
    let intake = Intake {
        messages: down.clone(),
        commands: down.clone(),
        replies: down.clone(),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
    };
    let api = Api {
        devices: down.clone(),
        messages: down.clone(),
        intake,
        statistics: down,
        subscription: Arc::new(Events(events.clone())),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
        config: ApiConfig {
            api_token: TOKEN.into(),
            public_ws_url: "ws://127.0.0.1:3001".into(),
            send_wait: Duration::from_secs(5),
            version: "1.2.3".into(),
        },
        started_at: Timestamp::from_millis(0),
        closing: CancellationToken::new(),
        sockets: TaskTracker::new(),
    };
    (api, events)
}

struct Events(broadcast::Sender<Arc<Event>>);

impl Subscription for Events {
    fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.0.subscribe()
    }
}

struct Down;

fn down<T>() -> Result<T, PortError> {
    Err(PortError::unavailable("the disk of host-17 is full"))
}

#[async_trait]
impl Devices for Down {
    async fn create(&self, _device: &Device) -> Result<bool, PortError> {
        down()
    }
    async fn get(&self, _id: &DeviceId) -> Result<Option<Device>, PortError> {
        down()
    }
    async fn find(&self, session_id: &SessionId) -> Result<Option<Device>, PortError> {
        assert_ne!(session_id.as_str(), PANICKING_SESSION);
        down()
    }
    async fn list(&self, _user: UserId, _filter: &DeviceFilter, _page: &PageRequest) -> Result<Page<Device>, PortError> {
        down()
    }
    async fn update(&self, _id: &DeviceId, _update: DeviceUpdate, _at: Timestamp) -> Result<Option<Device>, PortError> {
        down()
    }
    async fn delete(&self, _id: &DeviceId) -> Result<Option<Removed>, PortError> {
        down()
    }
    async fn wanted(&self) -> Result<Vec<DeviceId>, PortError> {
        down()
    }
}

#[async_trait]
impl Messages for Down {
    async fn accept(&self, _message: &Message, _idempotency_key: Option<&str>) -> Result<Accepted, PortError> {
        down()
    }
    async fn accepted(&self, _device: &DeviceId, _idempotency_key: &str) -> Result<Option<Message>, PortError> {
        down()
    }
    async fn get(&self, _device: &DeviceId, _id: &MessageId) -> Result<Option<Message>, PortError> {
        down()
    }
    async fn list(&self, _filter: &MessageFilter, _page: &PageRequest) -> Result<Page<Message>, PortError> {
        down()
    }
    async fn pending(&self, _before: Timestamp, _limit: u32) -> Result<Vec<Message>, PortError> {
        down()
    }
}

#[async_trait]
impl CommandSink for Down {
    async fn enqueue(&self, _envelope: &Envelope) -> Result<(), PortError> {
        down()
    }
}

#[async_trait]
impl Replies for Down {
    async fn reply(&self, _to: &CommandId, _outcome: Outcome) -> Result<(), PortError> {
        down()
    }
    async fn wait(&self, _to: &CommandId, _timeout: Duration) -> Result<Option<Outcome>, PortError> {
        down()
    }
}

#[async_trait]
impl Statistics for Down {
    async fn snapshot(&self, _since: Timestamp) -> Result<Snapshot, PortError> {
        down()
    }
}
