//! An API whose store is down.

use std::{sync::Arc, time::Duration};

use ai::Providers;
use async_trait::async_trait;
use domain::{
    model::{
        ApiKey, Bulk, BulkId, BulkProgress, Chat, ChatFilter, CommandId, Contact, ContactFilter, Delivery, DeliveryRecord, DeliveryStatus,
        Device, DeviceFilter, DeviceId, DeviceUpdate, Envelope, Event, EventId, Group, GroupFilter, Jid, MediaId, Message, MessageFilter,
        MessageId, MessageTally, Outcome, Page, PageRequest, Removed, Replay, SessionFilter, SessionId, Template, TemplateOwner, Timestamp,
        UserId,
    },
    pipeline::{Intake, Links},
    ports::{
        Accepted, Aliases, Bulks, ByteStream, CommandSink, Count, Deliveries, Devices, EventScope, Events, Limits, LinkOptions, Media,
        Messages, People, PortError, PutError, RandomIds, Replies, Snapshot, Statistics, StoredFile, Subscription, SystemClock, Templates,
        UploadTicket,
    },
};
use fetch::{Fetcher, Poster, Reach, Webhooks};
use functions::{Api, ApiConfig, RateLimits};
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
        bulks: down.clone(),
        aliases: down.clone(),
        commands: down.clone(),
        replies: down.clone(),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
    };
    let api = Api {
        devices: down.clone(),
        messages: down.clone(),
        bulks: down.clone(),
        templates: down.clone(),
        aliases: down.clone(),
        people: down.clone(),
        events: down.clone(),
        deliveries: down.clone(),
        media: down.clone(),
        links: Links::new("http://127.0.0.1:3000/api/whatsapp", "a secret of these tests"),
        fetcher: fetcher(),
        webhooks: Webhooks::new(Reach::Loopback, "a webhook secret of these tests"),
        providers: Providers::new(Poster::new(Reach::Loopback), ai::Config::default()),
        limits: down.clone(),
        intake,
        statistics: down,
        subscription: Some(Arc::new(Live(events.clone()))),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
        config: ApiConfig {
            api_token: TOKEN.into(),
            jwt_secret: "a secret of these tests".into(),
            max_file_bytes: 1024,
            max_request_bytes: None,
            rate_limits: RateLimits { ip_per_hour: 0, messages_per_minute: 0, media_per_minute: 0, qr_per_minute: 0 },
            public_url: "http://127.0.0.1:3000".into(),
            public_ws_url: "ws://127.0.0.1:3001".into(),
            send_wait: Duration::from_secs(5),
            replies_to_sends: true,
            version: "1.2.3".into(),
        },
        metrics: None,
        ready: CancellationToken::new(),
        started_at: Timestamp::from_millis(0),
        closing: CancellationToken::new(),
        sockets: TaskTracker::new(),
    };
    (api, events)
}

fn fetcher() -> Fetcher {
    // Each test's process has one, whoever came first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Fetcher::new(Reach::Loopback)
}

struct Live(broadcast::Sender<Arc<Event>>);

impl Subscription for Live {
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
    /// The one thing that is known without the disk: that nobody has a key.
    async fn find_by_key(&self, _key: &ApiKey) -> Result<Option<Device>, PortError> {
        Ok(None)
    }
    async fn list(&self, _user: Option<UserId>, _filter: &DeviceFilter, _page: &PageRequest) -> Result<Page<Device>, PortError> {
        down()
    }
    async fn update(&self, _id: &DeviceId, _update: DeviceUpdate, _at: Timestamp) -> Result<Option<Device>, PortError> {
        down()
    }
    async fn delete(&self, _id: &DeviceId) -> Result<Option<Removed>, PortError> {
        down()
    }
    async fn sessions(&self, _user: Option<UserId>, _filter: &SessionFilter, _page: &PageRequest) -> Result<Page<Device>, PortError> {
        down()
    }
    async fn wanted(&self) -> Result<Vec<DeviceId>, PortError> {
        down()
    }
}

#[async_trait]
impl People for Down {
    async fn contact(&self, _device: &DeviceId, _contact: &Jid) -> Result<Option<Contact>, PortError> {
        down()
    }
    async fn contacts(&self, _device: &DeviceId, _filter: &ContactFilter, _page: &PageRequest) -> Result<Page<Contact>, PortError> {
        down()
    }
    async fn chat(&self, _device: &DeviceId, _chat: &Jid) -> Result<Option<Chat>, PortError> {
        down()
    }
    async fn chats(&self, _device: &DeviceId, _filter: &ChatFilter, _page: &PageRequest) -> Result<Page<Chat>, PortError> {
        down()
    }
    async fn group(&self, _device: &DeviceId, _group: &Jid) -> Result<Option<Group>, PortError> {
        down()
    }
    async fn groups(&self, _device: &DeviceId, _filter: &GroupFilter, _page: &PageRequest) -> Result<Page<Group>, PortError> {
        down()
    }
}

#[async_trait]
impl Events for Down {
    async fn get(&self, _id: &EventId) -> Result<Option<Event>, PortError> {
        down()
    }
    async fn after(&self, _after: &EventId, _scope: &EventScope, _limit: u32) -> Result<Vec<Event>, PortError> {
        down()
    }
}

#[async_trait]
impl Deliveries for Down {
    async fn waiting(&self) -> Result<Vec<DeviceId>, PortError> {
        down()
    }
    async fn next(&self, _device: &DeviceId, _held: &[Option<Jid>], _limit: u32) -> Result<Vec<Delivery>, PortError> {
        down()
    }
    async fn succeeded(&self, _device: &DeviceId, _event: &EventId, _at: Timestamp) -> Result<(), PortError> {
        down()
    }
    async fn failed(
        &self,
        _device: &DeviceId,
        _event: &EventId,
        _at: Timestamp,
        _due_at: Timestamp,
        _reason: &str,
    ) -> Result<Timestamp, PortError> {
        down()
    }
    async fn give_up(&self, _device: &DeviceId, _event: &EventId, _at: Timestamp, _reason: &str) -> Result<Timestamp, PortError> {
        down()
    }
    async fn pause(&self, _device: &DeviceId, _at: Timestamp) -> Result<(), PortError> {
        down()
    }
    async fn resume(&self, _device: &DeviceId, _at: Timestamp) -> Result<(), PortError> {
        down()
    }
    async fn list(
        &self,
        _device: &DeviceId,
        _status: Option<DeliveryStatus>,
        _page: &PageRequest,
    ) -> Result<Page<DeliveryRecord>, PortError> {
        down()
    }
    async fn replay(&self, _device: &DeviceId, _which: &Replay, _at: Timestamp) -> Result<u64, PortError> {
        down()
    }
}

#[async_trait]
impl Messages for Down {
    async fn accept(&self, _message: &Message, _idempotency_key: Option<&str>) -> Result<Accepted<Message>, PortError> {
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
    async fn tally(&self, _filter: &MessageFilter) -> Result<MessageTally, PortError> {
        down()
    }
    async fn pending(&self, _before: Timestamp, _limit: u32) -> Result<Vec<Message>, PortError> {
        down()
    }
    async fn awaiting_media(&self, _device: &DeviceId, _limit: u32) -> Result<Vec<Message>, PortError> {
        down()
    }
}

#[async_trait]
impl Bulks for Down {
    async fn accept(&self, _bulk: &Bulk, _messages: &[Message], _idempotency_key: Option<&str>) -> Result<Accepted<Bulk>, PortError> {
        down()
    }
    async fn accepted(&self, _device: &DeviceId, _idempotency_key: &str) -> Result<Option<Bulk>, PortError> {
        down()
    }
    async fn get(&self, _id: &BulkId) -> Result<Option<Bulk>, PortError> {
        down()
    }
    async fn progress(&self, _id: &BulkId) -> Result<BulkProgress, PortError> {
        down()
    }
    async fn messages(&self, _id: &BulkId, _page: &PageRequest) -> Result<Page<Message>, PortError> {
        down()
    }
    async fn cancel(&self, _id: &BulkId, _at: Timestamp) -> Result<Option<Bulk>, PortError> {
        down()
    }
}

#[async_trait]
impl Templates for Down {
    async fn create(&self, _template: &Template) -> Result<bool, PortError> {
        down()
    }
    async fn get(&self, _owner: TemplateOwner, _name: &str) -> Result<Option<Template>, PortError> {
        down()
    }
    async fn list(&self, _owner: Option<TemplateOwner>, _page: &PageRequest) -> Result<Page<Template>, PortError> {
        down()
    }
    async fn update(&self, _owner: TemplateOwner, _name: &str, _content: &str, _at: Timestamp) -> Result<Option<Template>, PortError> {
        down()
    }
    async fn delete(&self, _owner: TemplateOwner, _name: &str) -> Result<bool, PortError> {
        down()
    }
}

#[async_trait]
impl Aliases for Down {
    async fn phone(&self, _device: &DeviceId, _lid: &Jid) -> Result<Option<Jid>, PortError> {
        down()
    }
    async fn lid(&self, _device: &DeviceId, _phone: &Jid) -> Result<Option<Jid>, PortError> {
        down()
    }
}

#[async_trait]
impl Media for Down {
    async fn put(&self, _device: &DeviceId, _id: &MediaId, _body: ByteStream) -> Result<u64, PutError> {
        Ok(down()?)
    }
    async fn keep(&self, _device: &DeviceId, _id: &MediaId) -> Result<bool, PortError> {
        down()
    }
    async fn open(&self, _device: &DeviceId, _id: &MediaId) -> Result<Option<StoredFile>, PortError> {
        down()
    }
    async fn presign(
        &self,
        _device: &DeviceId,
        _id: &MediaId,
        _until: Timestamp,
        _options: &LinkOptions,
    ) -> Result<Option<String>, PortError> {
        down()
    }
    async fn ticket(&self, _device: &DeviceId, _id: &MediaId, _until: Timestamp, _max_bytes: u64) -> Result<UploadTicket, PortError> {
        down()
    }
    async fn delete(&self, _device: &DeviceId, _id: &MediaId) -> Result<(), PortError> {
        down()
    }
    async fn check(&self) -> Result<(), PortError> {
        down()
    }
    async fn clear(&self, _device: &DeviceId) -> Result<(), PortError> {
        down()
    }
}

#[async_trait]
impl Limits for Down {
    async fn count(&self, _key: &str, _limit: u32, _window: Duration, _now: Timestamp) -> Result<Count, PortError> {
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
