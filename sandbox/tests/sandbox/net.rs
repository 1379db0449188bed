//! A sandbox of one's own, its phones, and companions that are the real client library.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Method;
use sandbox::Sandbox;
use serde_json::{Value, json};
use wacore::net::{HttpClient, HttpRequest, HttpResponse, StreamingHttpResponse};
use wacore::store::InMemoryBackend;
use wacore::types::events::{ChannelEventHandler, Event, InboundMessage, MessageBatch};
use wacore::types::presence::ReceiptType;
use waproto::whatsapp::Message;
use whatsapp_rust::TokioRuntime;
use whatsapp_rust::bot::{Bot, BotHandle};
use whatsapp_rust::client::Client;
use whatsapp_rust::http::UreqHttpClient;
use whatsapp_rust::send::SendOptions;
use whatsapp_rust::transport::TokioWebSocketTransportFactory;
use whatsapp_rust::{InboundDurabilityHook, Jid, async_channel, async_trait};

const DEADLINE: Duration = Duration::from_secs(15);

pub struct Net {
    pub sandbox: Sandbox,
    http: reqwest::Client,
}

pub struct Phone<'a> {
    pub number: String,
    pub jid: Jid,
    pub lid: Jid,
    net: &'a Net,
}

impl Net {
    pub async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        if std::env::var_os("RUST_LOG").is_some() {
            let _ = tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).try_init();
        }
        let sandbox = Sandbox::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
        Self { sandbox, http: reqwest::Client::new() }
    }

    pub async fn call(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("http://{}{path}", self.sandbox.addr());
        let request = self.http.request(method, url);
        let request = match body {
            Value::Null => request,
            body => request.json(&body),
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap())
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(Method::POST, path, body).await;
        assert!(status < 300, "{path}: {status} {answer}");
        answer
    }

    pub fn url(&self) -> String {
        format!("ws://{}/ws/chat", self.sandbox.addr())
    }

    pub async fn faults(&self, faults: Value) {
        self.post("/faults", faults).await;
    }

    pub async fn phone(&self, number: &str, name: &str) -> Phone<'_> {
        let made = self.post("/phones", json!({"number": number, "name": name})).await;
        Phone {
            number: number.to_owned(),
            jid: made["jid"].as_str().unwrap().parse().unwrap(),
            lid: made["lid"].as_str().unwrap().parse().unwrap(),
            net: self,
        }
    }

    pub async fn group(&self, owner: &str, others: &[&str]) -> Jid {
        self.group_by(owner, others, "lid").await
    }

    pub async fn group_by(&self, owner: &str, others: &[&str], addressing: &str) -> Jid {
        let group = json!({"subject": "Keluarga", "owner": owner, "participants": others, "addressing": addressing});
        self.post("/groups", group).await["id"].as_str().unwrap().parse().unwrap()
    }

    pub async fn shutdown(self) {
        self.sandbox.shutdown().await;
    }
}

impl Phone<'_> {
    /// A new companion, paired by QR and connected.
    pub async fn link(&self) -> Companion {
        let companion = Companion::start(self.net, Arc::new(InMemoryBackend::new())).await;
        self.scan(companion.qr().await).await;
        companion.connected().await;
        companion
    }

    pub async fn scan(&self, qr: String) -> u16 {
        let linked = self.post("scan", json!({"qr": qr})).await;
        linked["device"].as_u64().unwrap() as u16
    }

    pub async fn post(&self, action: &str, body: Value) -> Value {
        let path = format!("/phones/{}/{action}", self.number);
        self.net.post(&path, body).await
    }

    pub async fn get(&self, what: &str) -> Value {
        let path = format!("/phones/{}/{what}", self.number);
        let (status, answer) = self.net.call(Method::GET, &path, Value::Null).await;
        assert_eq!(status, 200);
        answer
    }

    /// The person writes; returns the id.
    pub async fn write(&self, to: &str, text: &str) -> String {
        let written = self.post("messages", json!({"to": to, "text": text})).await;
        written["id"].as_str().unwrap().to_owned()
    }

    /// The person writes something else than a text; returns the id.
    pub async fn letter(&self, to: &Jid, mut letter: Value) -> String {
        letter["to"] = json!(to.to_string());
        self.post("messages", letter).await["id"].as_str().unwrap().to_owned()
    }

    pub async fn read(&self, chat: &str) {
        self.post("read", json!({"chat": chat})).await;
    }

    pub async fn power(&self, on: bool) {
        self.post("power", json!({"on": on})).await;
    }

    pub async fn remove(&self, device: u16) {
        let path = format!("/phones/{}/devices/{device}", self.number);
        let (status, _) = self.net.call(Method::DELETE, &path, Value::Null).await;
        assert_eq!(status, 200);
    }

    /// The file that came with a message, and its type.
    pub async fn media(&self, id: &str) -> (String, Vec<u8>) {
        let url = format!("http://{}/phones/{}/messages/{id}/media", self.net.sandbox.addr(), self.number);
        let response = self.net.http.get(url).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let mime_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        (mime_type, response.bytes().await.unwrap().to_vec())
    }

    pub async fn messages(&self) -> Vec<Value> {
        let path = format!("/phones/{}/messages", self.number);
        let (status, messages) = self.net.call(Method::GET, &path, Value::Null).await;
        assert_eq!(status, 200);
        messages.as_array().unwrap().clone()
    }

    /// The message with this id, once it fits.
    pub async fn message(&self, id: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let messages = self.messages().await;
            let found = messages.iter().find(|m| m["id"] == id && fits(m));
            if let Some(found) = found {
                return found.clone();
            }
            assert!(started.elapsed() < DEADLINE, "{id} not in {messages:#?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

pub struct Companion {
    pub client: Arc<Client>,
    pub backend: Arc<InMemoryBackend>,
    handle: BotHandle,
    events: async_channel::Receiver<Arc<Event>>,
    /// Received, but not what was waited for then.
    skipped: Mutex<Vec<Arc<Event>>>,
    refused: Option<async_channel::Receiver<String>>,
}

/// The library asks for https, which the sandbox does not speak.
struct PlainHttp(UreqHttpClient);

fn plain(request: HttpRequest) -> HttpRequest {
    HttpRequest { url: request.url.replacen("https://127.0.0.1", "http://127.0.0.1", 1), ..request }
}

#[async_trait]
impl HttpClient for PlainHttp {
    async fn execute(&self, request: HttpRequest) -> anyhow::Result<HttpResponse> {
        self.0.execute(plain(request)).await
    }

    fn supports_streaming(&self) -> bool {
        true
    }

    fn execute_streaming(&self, request: HttpRequest) -> anyhow::Result<StreamingHttpResponse> {
        self.0.execute_streaming(plain(request))
    }
}

/// Stores what a companion receives; with a channel it fails instead, and tells there.
struct Memory(Option<async_channel::Sender<String>>);

#[async_trait]
impl InboundDurabilityHook for Memory {
    async fn on_messages(&self, _: Arc<Client>, messages: &[InboundMessage]) -> anyhow::Result<()> {
        let Some(refusals) = &self.0 else {
            return Ok(());
        };
        for message in messages {
            let _ = refusals.try_send(message.info.id.clone());
        }
        anyhow::bail!("nothing can be stored")
    }
}

impl Companion {
    pub async fn start(net: &Net, backend: Arc<InMemoryBackend>) -> Self {
        Self::start_with(net, backend, Memory(None)).await
    }

    /// One that fails to store what it receives, so that it never acknowledges it.
    pub async fn start_forgetful(net: &Net, backend: Arc<InMemoryBackend>) -> Self {
        let (refusals, refused) = async_channel::unbounded();
        let mut companion = Self::start_with(net, backend, Memory(Some(refusals))).await;
        companion.refused = Some(refused);
        companion
    }

    async fn start_with(net: &Net, backend: Arc<InMemoryBackend>, memory: Memory) -> Self {
        let (handler, events) = ChannelEventHandler::new();
        let bot = Bot::builder()
            .with_backend_arc(backend.clone())
            .with_transport_factory(TokioWebSocketTransportFactory::new().with_url(net.url()))
            .with_http_client(PlainHttp(UreqHttpClient::new()))
            .with_runtime(TokioRuntime)
            .with_version((2, 3000, 0))
            .with_wanted_pre_key_count(30)
            .with_inbound_durability_hook(memory)
            .build()
            .await
            .unwrap();
        let client = bot.client();
        client.subscribe_handler(handler).detach();
        client.set_force_active_delivery_receipts(true);
        Self { client, backend, handle: bot.spawn(), events, skipped: Mutex::default(), refused: None }
    }

    /// Ends the program but keeps the device, to be started again.
    pub async fn stop(self) -> Arc<InMemoryBackend> {
        self.handle.shutdown().await;
        self.backend
    }

    /// The first event, past or to come, that is as wanted; each is told once.
    pub async fn wait<T>(&self, what: &str, wanted: impl Fn(&Event) -> Option<T>) -> T {
        let found = {
            let mut skipped = self.skipped.lock().unwrap();
            let found = skipped.iter().enumerate().find_map(|(at, event)| Some((at, wanted(event)?)));
            found.map(|(at, found)| {
                skipped.remove(at);
                found
            })
        };
        if let Some(found) = found {
            return found;
        }
        let search = async {
            loop {
                let event = self.events.recv().await.unwrap();
                let mut found = None;
                for event in one_by_one(event) {
                    match wanted(&event).filter(|_| found.is_none()) {
                        Some(wanted) => found = Some(wanted),
                        None => self.skipped.lock().unwrap().push(event),
                    }
                }
                if let Some(found) = found {
                    return found;
                }
            }
        };
        match tokio::time::timeout(DEADLINE, search).await {
            Ok(found) => found,
            Err(_) => panic!("no {what}; seen {:#?}", self.skipped.lock().unwrap()),
        }
    }

    pub async fn qr(&self) -> String {
        self.wait("QR code", |event| match event {
            Event::PairingQrCode(qr) => Some(qr.code.clone()),
            _ => None,
        })
        .await
    }

    pub async fn connected(&self) {
        self.wait("connection", |event| matches!(event, Event::Connected(_)).then_some(())).await;
    }

    pub async fn send(&self, to: &Jid, text: &str, id: &str) {
        self.send_message(to, Message { conversation: Some(text.to_owned()), ..Default::default() }, id).await;
    }

    pub async fn send_message(&self, to: &Jid, message: Message, id: &str) {
        let options = SendOptions::default().with_message_id(id);
        self.client.send_message_with_options(to.clone(), message, options).await.unwrap();
    }

    /// Waits until a forgetful companion has received a message and failed to keep it.
    pub async fn refused(&self, id: &str) {
        let refused = self.refused.as_ref().unwrap();
        let search = async { while refused.recv().await.unwrap() != id {} };
        tokio::time::timeout(DEADLINE, search).await.unwrap();
    }

    /// Whether something came that nobody waited for.
    pub fn has_seen(&self, wanted: impl Fn(&Event) -> bool) -> bool {
        self.skipped.lock().unwrap().iter().any(|event| wanted(event))
    }

    /// How many messages came that nobody waited for.
    pub fn messages_seen(&self) -> usize {
        let skipped = self.skipped.lock().unwrap();
        let messages = skipped.iter().filter(|e| matches!(e.as_ref(), Event::Messages(_)));
        messages.count()
    }

    /// The error of the server's ack, `None` if it took the message.
    pub async fn ack(&self, id: &str) -> Option<String> {
        self.wait("ack", |event| match event {
            Event::ServerAck(ack) if ack.id == id && ack.class.as_deref() == Some("message") => Some(ack.error.clone()),
            _ => None,
        })
        .await
    }

    pub async fn receipt(&self, id: &str, kind: ReceiptType) -> Jid {
        self.wait("receipt", |event| match event {
            Event::Receipt(r) if r.r#type == kind && r.message_ids.iter().any(|m| m == id) => Some(r.source.sender.clone()),
            _ => None,
        })
        .await
    }

    pub async fn message(&self, id: &str) -> InboundMessage {
        self.wait("message", |event| match event {
            Event::Messages(batch) => batch.iter().find(|m| m.info.id == id).cloned(),
            _ => None,
        })
        .await
    }
}

/// Messages may come in batches; each is an event of its own here.
fn one_by_one(event: Arc<Event>) -> Vec<Arc<Event>> {
    let Event::Messages(batch) = event.as_ref() else {
        return vec![event];
    };
    let single = |message: &InboundMessage| {
        let messages = Arc::from([message.clone()]);
        MessageBatch::builder().messages(messages).origin(batch.origin).build()
    };
    batch.iter().map(|message| Arc::new(Event::Messages(single(message)))).collect()
}

pub fn text(message: &InboundMessage) -> &str {
    message.message.conversation.as_deref().unwrap_or_default()
}
