//! A client of the WhatsApp library, running for one device.

use std::sync::Arc;

use anyhow::Result;
use domain::model::{MessageId, MessageType, Server};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use wacore::{
    store::{DevicePropsOverride, traits::Backend},
    types::events::{Event, EventHandler, EventInterest, EventKind},
};
use waproto::whatsapp::device_props::PlatformType;
use whatsapp_rust::{
    CacheConfig, CacheEntryConfig, Client, SendError, SendOptions, TokioRuntime,
    bot::{Bot, BotHandle},
};

use super::{
    addresses::to_theirs,
    compose::{self, Secret},
    enclose::Enclosed,
    inbox::Inbox,
    names::Names,
    outbox::Outgoing,
};
use crate::{network::Network, tenure::Tenure};

/// A running client. Dropping it cuts it off; [`Link::close`] lets it put its state away first.
pub struct Link {
    handle: BotHandle,
    /// The client itself.
    pub client: Arc<Client>,
    events: mpsc::UnboundedReceiver<Arc<Event>>,
    /// What goes on beside, such as downloads.
    _receiving: AbortOnDropHandle<()>,
}

/// What a session reacts to. Everything else stays inside the library.
const EVENTS: [EventKind; 22] = [
    EventKind::Connected,
    EventKind::Disconnected,
    EventKind::PairSuccess,
    EventKind::PairError,
    EventKind::LoggedOut,
    EventKind::PairingQrCode,
    EventKind::PairingQrCodesExhausted,
    EventKind::QrScannedWithoutMultidevice,
    EventKind::PairingCodeRefresh,
    EventKind::PairingCodeError,
    EventKind::PairPasskeyRequest,
    EventKind::PairPasskeyConfirmation,
    EventKind::PairPasskeyError,
    EventKind::ClientOutdated,
    EventKind::Messages,
    EventKind::UndecryptableMessage,
    EventKind::Receipt,
    EventKind::ServerAck,
    EventKind::StreamReplaced,
    EventKind::TemporaryBan,
    EventKind::ConnectFailure,
    EventKind::ChatPresence,
];

struct Forward(mpsc::UnboundedSender<Arc<Event>>);

impl EventHandler for Forward {
    fn handle_event(&self, event: Arc<Event>) {
        // Nobody listens any more once the link is closed.
        let _ = self.0.send(event);
    }

    fn interest(&self) -> EventInterest {
        EventInterest::of(&EVENTS)
    }
}

impl Link {
    /// Starts a client on the device's store. It connects, and reconnects with backoff, by itself.
    pub async fn open(network: &Network, tenure: Tenure, backend: Arc<dyn Backend>, inbox: Inbox) -> Result<Self> {
        let (sender, events) = mpsc::unbounded_channel();
        let props = DevicePropsOverride::new().with_os("warta").with_platform_type(PlatformType::CHROME);
        let mut builder = Bot::builder()
            .with_backend_arc(backend)
            .with_transport_factory(network.transport(tenure))
            .with_http_client(network.http())
            .with_runtime(TokioRuntime)
            .with_device_props(props)
            .with_cache_config(caches())
            .with_event_handler(Forward(sender))
            .with_event_handler(inbox.arrivals())
            .with_event_handler(inbox.news())
            .with_inbound_durability_hook(inbox.clone());
        if let Some(version) = network.version() {
            builder = builder.with_version(version);
        }
        let handle = builder.build().await?.spawn();
        let client = handle.client();
        // Otherwise people who write to the device see no second tick until somebody opens the app.
        client.set_force_active_delivery_receipts(true);
        let receiving = AbortOnDropHandle::new(tokio::spawn(inbox.follow_up(client.clone())));
        Ok(Self { handle, client, events, _receiving: receiving })
    }

    /// The next thing that happened; `None` once the client has stopped for good and everything was told.
    pub async fn event(&mut self) -> Option<Arc<Event>> {
        tokio::select! {
            biased;
            event = self.events.recv() => event,
            () = &mut self.handle => self.events.try_recv().ok(),
        }
    }

    /// Another thing that happened already, without waiting.
    pub fn another_event(&mut self) -> Option<Arc<Event>> {
        self.events.try_recv().ok()
    }

    /// Goes off line, with all state put away.
    pub async fn close(self) {
        self.handle.shutdown().await;
    }

    /// Takes the device off the account, if WhatsApp can be told, and goes off line.
    pub async fn log_out(self) {
        self.client.logout().await;
        self.handle.shutdown().await;
    }
}

/// Encrypts what goes out and writes it to the socket under its own id; WhatsApp's answer comes as an event.
pub async fn write(client: &Client, outgoing: &Outgoing, enclosed: Option<&Enclosed>) -> Result<(), SendError> {
    let invalid = |what: &str| SendError::InvalidRequest(what.into());
    let to = to_theirs(outgoing.chat()).ok_or_else(|| invalid("no such address"))?;
    if outgoing.chat().server() == Server::Newsletter
        && !matches!(outgoing, Outgoing::Message(message) if message.kind == MessageType::Text)
    {
        // Nothing in a channel is encrypted, so files, reactions and changes go ways of their own there.
        return Err(invalid("channels take texts alone"));
    }
    let names = match outgoing {
        Outgoing::Message(message) if message.quoted.is_none() && message.mentions.is_empty() => Names::default(),
        _ => Names::look_up(client, outgoing.chat(), &compose::people(outgoing)).await?,
    };
    let body =
        compose::compose(outgoing, enclosed, &names, || secret(client, outgoing.id())).ok_or_else(|| invalid("no such kind of message"))?;
    let options = SendOptions::default().with_message_id(outgoing.id().as_str());
    client.send_message_with_options(to, body, options).await.map(|_| ())
}

/// The secret of a message: the same one however often it is written, so that answers to any copy can be read.
fn secret(client: &Client, id: &MessageId) -> Secret {
    let device = client.persistence_manager().get_device_snapshot();
    let mut mac = Hmac::<Sha256>::new_from_slice(&device.adv_secret_key).expect("HMAC takes keys of any length");
    mac.update(b"message secret ");
    mac.update(id.as_str().as_bytes());
    mac.finalize().into_bytes().into()
}

/// Smaller than the library's own, which are made for one account a process.
fn caches() -> CacheConfig {
    let defaults = CacheConfig::default();
    let hold = |entry: &CacheEntryConfig, capacity| CacheEntryConfig::new(entry.timeout, capacity);
    CacheConfig {
        group_cache: hold(&defaults.group_cache, 50),
        device_registry_cache: hold(&defaults.device_registry_cache, 2_000),
        ..defaults
    }
}
