//! A world for one test: a sandbox with its phones, a store, and a host between them.

use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use domain::{
    model::{
        AiSettings, ApiKey, Attachment, Command, CommandId, DeliveryStats, Device, DeviceId, Envelope, MediaFile, MediaId, MediaPlace,
        Message, MessageCounts, MessageId, MessageStatus, MessageType, Outcome, Session, SessionId, Status, UserId,
    },
    pipeline::{Draft, Intake, Links},
    ports::{Clock, CommandSink, CommandSource, Devices, Ids, Media, Messages, RandomIds, Replies, Subscription, SystemClock},
};
use embedded::{FolderMedia, InProcessPush, InProcessReplies, Store};
use futures::{StreamExt, stream};
use reqwest::{Client, Method};
use sandbox::Sandbox;
use serde_json::{Value, json};
use session_host::{
    Config, Host, Network, Ports, Tenure,
    deliver::{self, Reach},
};
use tempfile::TempDir;
use tokio::sync::broadcast;

use super::{
    costs::{Watched, Written},
    slow_queue::SlowQueue,
};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct World {
    pub sandbox: Sandbox,
    pub store: Store,
    pub media: FolderMedia,
    pub intake: Intake,
    /// Takes effect at the next start.
    pub max_download_bytes: u64,
    /// How long a chat is left to a person on the phone; takes effect at the next start.
    pub silence: Duration,
    /// For how long the host may act; takes effect at the next start.
    pub tenure: Tenure,
    /// How long commands take to be let go, by a queue that takes nothing twice; takes effect at the next start.
    pub slowness: Option<Duration>,
    /// What was written for the WhatsApp library.
    pub written: Written,
    replies: Arc<InProcessReplies>,
    push: Arc<InProcessPush>,
    host: Option<Host>,
    http: Client,
    /// The latest last.
    data: Vec<TempDir>,
}

impl World {
    pub async fn new() -> Self {
        // The second one finds it set up, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let data = TempDir::new().unwrap();
        let store = Store::open(data.path()).unwrap();
        let media = FolderMedia::open(data.path(), links()).unwrap();
        let (replies, push) = (Arc::new(InProcessReplies::default()), Arc::new(InProcessPush::default()));
        let intake = intake(&store, &replies);
        let http = Client::builder().no_proxy().build().unwrap();
        let mut world = Self {
            sandbox,
            store,
            media,
            intake,
            max_download_bytes: 100_000_000,
            silence: Duration::from_secs(1800),
            tenure: Tenure::unlimited(),
            slowness: None,
            written: Written::default(),
            replies,
            push,
            host: None,
            http,
            data: vec![data],
        };
        world.start().await;
        world
    }

    /// Stops the host, and starts another one as a new process would, on what is stored: what was in hand is handed out again.
    pub async fn restart(&mut self) {
        self.stop().await;
        // The old process, which this one is too, holds on to its own.
        let data = TempDir::new().unwrap();
        for file in std::fs::read_dir(self.data.last().unwrap().path())
            .unwrap()
            .map(Result::unwrap)
            .filter(|file| file.file_type().unwrap().is_file())
        {
            std::fs::copy(file.path(), data.path().join(file.file_name())).unwrap();
        }
        self.store = Store::open(data.path()).unwrap();
        self.data.push(data);
        self.intake = intake(&self.store, &self.replies);
        self.start().await;
    }

    /// Starts a host on what is stored.
    pub async fn start(&mut self) {
        let records = Arc::new(self.store.clone());
        let (mut commands, mut sink): (Arc<dyn CommandSource>, Arc<dyn CommandSink>) = (records.clone(), records.clone());
        if let Some(slowness) = self.slowness {
            let slow = Arc::new(SlowQueue { store: self.store.clone(), slowness, had: Arc::default() });
            (commands, sink) = (slow.clone(), slow);
        }
        let ports = Ports {
            devices: records.clone(),
            messages: records.clone(),
            bulks: records.clone(),
            media: Arc::new(self.media.clone()),
            links: links(),
            aliases: records.clone(),
            people: records.clone(),
            journal: records.clone(),
            commands,
            sink,
            deliveries: records.clone(),
            key_values: Arc::new(Watched { store: self.store.clone(), written: self.written.clone() }),
            replies: self.replies.clone(),
            push: self.push.clone(),
            clock: self.intake.clock.clone(),
            ids: self.intake.ids.clone(),
            epoch: self.store.epoch(),
            tenure: self.tenure.clone(),
        };
        let network = Network::sandbox(&format!("http://{}", self.sandbox.addr())).unwrap();
        let webhooks = deliver::Config::new("secret", Reach::Loopback);
        let mut config = Config { max_download_bytes: self.max_download_bytes, ..Config::from(webhooks) };
        (config.replies.pause, config.replies.silence) = (Duration::from_millis(1), self.silence);
        self.host = Some(Host::start(ports, network, config).await);
    }

    pub async fn stop(&mut self) {
        if let Some(host) = self.host.take() {
            host.shutdown().await;
        }
    }

    /// Cuts the host off in the middle of whatever it does.
    pub fn abandon(&mut self) {
        self.host = None;
    }

    pub async fn phone(&self, number: &str) {
        self.post("/phones", json!({"number": number, "name": number})).await;
    }

    /// A device that is linked to the phone and connected.
    pub async fn linked(&self, number: &str) -> Device {
        let device = self.unlinked(number).await;
        self.ask(&device.id, Command::Connect).await;
        let qr = eventually("there is a code", async || self.device(&device.id).await.session.qr).await;
        self.post(&format!("/phones/{number}/scan"), json!({"qr": qr.code})).await;
        self.connected(&device.id).await
    }

    /// A device nobody has connected.
    pub async fn unlinked(&self, number: &str) -> Device {
        let now = self.intake.clock.now();
        let device = Device {
            id: self.intake.ids.device(),
            user_id: UserId::parse(123).unwrap(),
            session_id: SessionId::parse(format!("user_123_device_{number}")).unwrap(),
            alias: number.into(),
            description: None,
            api_key: ApiKey::new("wak"),
            webhook: None,
            ai: AiSettings::default(),
            created_at: now,
            updated_at: now,
            session: Session::new(),
            counts: MessageCounts::default(),
            deliveries: DeliveryStats::default(),
        };
        assert!(self.store.create(&device).await.unwrap());
        device
    }

    pub async fn connected(&self, id: &DeviceId) -> Device {
        eventually("the device is connected", async || {
            let device = self.device(id).await;
            (device.session.status == Status::Connected).then_some(device)
        })
        .await
    }

    pub async fn device(&self, id: &DeviceId) -> Device {
        Devices::get(&self.store, id).await.unwrap().unwrap()
    }

    /// Gives the device a command; answers what became of it.
    pub async fn ask(&self, device: &DeviceId, command: Command) -> Outcome {
        let id = self.hand_in(device, command).await;
        self.outcome(&id).await
    }

    /// What became of a command that was handed in.
    pub async fn outcome(&self, id: &CommandId) -> Outcome {
        self.replies.wait(id, PATIENCE).await.unwrap().expect("an outcome")
    }

    /// The same, if there is an outcome by now.
    pub async fn outcome_by_now(&self, id: &CommandId) -> Option<Outcome> {
        self.replies.wait(id, Duration::ZERO).await.unwrap()
    }

    pub async fn hand_in(&self, device: &DeviceId, command: Command) -> CommandId {
        let (id, now) = (self.intake.ids.command(), self.intake.clock.now());
        let envelope =
            Envelope { id: id.clone(), device_id: device.clone(), command, accepted_at: now, due_at: now, reply: true, trace: None };
        self.store.enqueue(&envelope).await.unwrap();
        id
    }

    /// Takes a message in.
    pub async fn accept(&self, device: &Device, draft: Draft) -> Message {
        self.intake.message(device, draft, None, false).await.unwrap().message
    }

    /// Takes a message in and waits until WhatsApp has taken it.
    pub async fn send(&self, device: &Device, draft: Draft) -> Message {
        let message = self.accept(device, draft).await;
        self.record(device, &message.id, "it is sent", |message| message.status >= MessageStatus::Sent).await
    }

    pub async fn record(&self, device: &Device, id: &MessageId, what: &str, is_so: impl Fn(&Message) -> bool) -> Message {
        eventually(what, async || Messages::get(&self.store, &device.id, id).await.unwrap().filter(&is_so)).await
    }

    /// A draft with a stored file.
    pub async fn file(&self, device: &Device, to: &str, kind: MessageType, mime_type: &str, bytes: impl Into<Bytes>) -> Draft {
        let (id, bytes) = (self.intake.ids.media(), bytes.into());
        let size_bytes = bytes.len() as u64;
        self.media.put(&device.id, &id, stream::iter([Ok(bytes)]).boxed()).await.unwrap();
        let mut draft = Draft::new(domain::model::Jid::parse(to).unwrap(), kind, "");
        draft.attachment = Some(attachment(id, mime_type, size_bytes));
        draft
    }

    /// Everything that is told from now on.
    pub fn events(&self) -> broadcast::Receiver<Arc<domain::model::Event>> {
        self.push.subscribe()
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Value {
        self.call(Method::PUT, path, body).await
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let response = self.http.request(method, format!("http://{}{path}", self.sandbox.addr())).json(&body).send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// All messages of a phone.
    pub async fn messages(&self, number: &str) -> Vec<Value> {
        let url = format!("http://{}/phones/{number}/messages", self.sandbox.addr());
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// A message as a phone has it.
    pub async fn on_phone(&self, number: &str, id: &MessageId) -> Value {
        self.on_phone_when(number, id, |_| true).await
    }

    pub async fn on_phone_when(&self, number: &str, id: &MessageId, is_so: impl Fn(&Value) -> bool) -> Value {
        eventually("the phone has the message", async || {
            self.messages(number).await.into_iter().find(|message| message["id"] == id.as_str() && is_so(message))
        })
        .await
    }
}

fn intake(store: &Store, replies: &Arc<InProcessReplies>) -> Intake {
    let (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>) = (Arc::new(SystemClock), Arc::new(RandomIds));
    let records = Arc::new(store.clone());
    Intake {
        messages: records.clone(),
        bulks: records.clone(),
        aliases: records.clone(),
        commands: records,
        replies: replies.clone(),
        clock,
        ids,
    }
}

pub fn attachment(id: MediaId, mime_type: &str, size_bytes: u64) -> Attachment {
    Attachment::Media(MediaFile {
        mime_type: mime_type.into(),
        file_name: Some("file".into()),
        size_bytes,
        seconds: None,
        voice_note: false,
        place: MediaPlace::Stored { id },
    })
}

/// Asks again and again until there is an answer; fails the test if there is none for long.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut asking = tokio::time::interval(Duration::from_millis(20));
    loop {
        asking.tick().await;
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(tokio::time::Instant::now() < deadline, "never came true: {what}");
    }
}

fn links() -> Links {
    Links::new("http://127.0.0.1", "secret")
}
