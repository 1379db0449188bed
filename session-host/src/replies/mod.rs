//! Answers that a device gives by itself: whom it listens to, when it thinks, and what becomes of that.
//!
//! An answer is accepted like any other message, under a key that names the last message it answers. That key is all there is to remember:
//! what has one was answered, whatever crashed since.

mod budget;
mod chat;
mod thought;

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ai::{LISTENS, Providers, answerable};
use domain::{
    model::{Author, DeviceId, Direction, EventData, Jid, Message, MessageFilter, MessageId, PageRequest, Timestamp},
    pipeline::{Backoff, Intake},
    ports::{Change, Op, PortError},
};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};
use whatsapp_rust::Client;

use self::{chat::Chat, thought::is_written};
use crate::host::{Ports, Shared};

/// Between tries to reach a store that fails.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(10) };

/// How many of a device's latest messages are looked at for those that a stop left without an answer.
const LATEST: u32 = PageRequest::MAX_LIMIT;

/// From when on the account's messages are the device's to answer; forgotten with the link.
const SINCE: &str = "ai-since";

/// How a host's devices answer by themselves.
#[derive(Clone)]
pub struct Config {
    /// Who is asked.
    pub providers: Providers,
    /// How long the other side has to be silent: fragments of one thought are answered once.
    pub pause: Duration,
    /// How much longer they are waited for while they type.
    pub typing: Duration,
    /// How long a chat is left to a person who wrote in it on the phone.
    pub silence: Duration,
    /// Most models asked at the same time.
    pub calls: usize,
}

impl Config {
    /// As people like it.
    pub fn new(providers: Providers) -> Self {
        Self {
            providers,
            pause: Duration::from_millis(2500),
            typing: Duration::from_secs(15),
            silence: Duration::from_secs(30 * 60),
            calls: 64,
        }
    }
}

/// What a host's devices share to answer by themselves.
pub(crate) struct Answering {
    config: Config,
    calls: Semaphore,
    intake: Intake,
}

impl Answering {
    pub fn new(config: Config, ports: &Ports) -> Self {
        let intake = Intake {
            messages: ports.messages.clone(),
            bulks: ports.bulks.clone(),
            aliases: ports.aliases.clone(),
            commands: ports.sink.clone(),
            replies: ports.replies.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        };
        Self { calls: Semaphore::new(config.calls), config, intake }
    }
}

/// Something that happened in a chat.
enum Heard {
    /// Somebody wrote what can be answered.
    Message(MessageId),
    /// Somebody began to type or record, or stopped.
    Typing(bool),
    /// The account's owner wrote on the phone.
    Owner,
}

/// Answers for one device, in a task per chat for as long as there is something to answer.
pub(crate) struct Responder {
    shared: Arc<Shared>,
    device: DeviceId,
    chats: Mutex<HashMap<Jid, mpsc::UnboundedSender<Heard>>>,
    /// Shows that the device types, while it is on line.
    client: Mutex<Weak<Client>>,
    /// One after the other counts what a model costs.
    spending: tokio::sync::Mutex<()>,
    has_looked: AtomicBool,
    stopping: CancellationToken,
}

impl Responder {
    /// The responder of a device: it stops when the guard is dropped.
    pub fn new(shared: Arc<Shared>, device: DeviceId) -> (Arc<Self>, DropGuard) {
        let stopping = CancellationToken::new();
        let guard = stopping.clone().drop_guard();
        let responder = Self {
            shared,
            device,
            chats: Mutex::default(),
            client: Mutex::default(),
            spending: tokio::sync::Mutex::default(),
            has_looked: AtomicBool::new(false),
            stopping,
        };
        (Arc::new(responder), guard)
    }

    /// A message was stored that was not before.
    pub fn heard(self: &Arc<Self>, message: &Message) {
        if message.direction == Direction::Outgoing {
            if message.author == Some(Author::Phone) && is_written(message) {
                self.tell(&message.chat, Heard::Owner);
            }
        } else if answerable(message, self.now()).is_ok() {
            self.listen(&message.chat, &message.id);
        }
    }

    /// Somebody types or records in a chat, or has stopped.
    pub fn saw_typing(&self, chat: &Jid, is_typing: bool) {
        self.tell(chat, Heard::Typing(is_typing));
    }

    /// Whether there is a chat to be answered, so that it matters who types.
    pub fn is_listening(&self) -> bool {
        !self.chats().is_empty()
    }

    /// The device is on line by this client. The first time, what a stop left without an answer is taken up.
    pub fn on_line(self: &Arc<Self>, client: &Arc<Client>) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(client);
        if self.has_looked.swap(true, Ordering::Relaxed) {
            return;
        }
        let responder = self.clone();
        self.spawn(async move {
            if let Err(error) = responder.take_up().await {
                tracing::error!(device = %responder.device, ?error, "unanswered messages could not be looked for");
            }
        });
    }

    /// Takes up the chats whose last word is the other side's. What was said before the account was linked is the past.
    async fn take_up(self: &Arc<Self>) -> Result<(), PortError> {
        let (ports, now) = (&self.shared.ports, self.now());
        let stored = ports.key_values.get(&self.device, SINCE).await?;
        let Some(since) = stored.and_then(|millis| String::from_utf8(millis).ok()?.parse().ok()).map(Timestamp::from_millis) else {
            let put = Op::Put { key: SINCE.to_owned(), value: now.millis().to_string().into_bytes(), expires_at: None };
            return ports.key_values.write(&self.device, ports.epoch, vec![put]).await;
        };
        let filter = MessageFilter { device: Some(self.device.clone()), since: Some(since.max(now - LISTENS)), ..MessageFilter::default() };
        let latest = ports.messages.list(&filter, &PageRequest { page: 1, limit: LATEST, cursor: None }).await?;
        let mut seen = HashSet::new();
        for message in latest.items.iter().filter(|message| is_written(message) && message.author != Some(Author::Ai)) {
            if seen.insert(&message.chat) {
                self.heard(message);
            }
        }
        Ok(())
    }

    /// Gives the chat a task, unless it has one, and something to answer.
    fn listen(self: &Arc<Self>, jid: &Jid, id: &MessageId) {
        let mut chats = self.chats();
        let told = chats.get(jid).is_some_and(|chat| chat.send(Heard::Message(id.clone())).is_ok());
        if told {
            return;
        }
        let (sender, heard) = mpsc::unbounded_channel();
        chats.insert(jid.clone(), sender);
        drop(chats);
        self.spawn(Chat::new(self.clone(), jid.clone(), heard).run());
    }

    fn tell(&self, jid: &Jid, heard: Heard) {
        if let Some(chat) = self.chats().get(jid) {
            // A task that has just ended has nothing to be told.
            let _ = chat.send(heard);
        }
    }

    /// Lets a chat go that has nothing more to answer.
    fn leave(&self, chat: &mut Chat) -> bool {
        let mut chats = self.chats();
        let is_done = !chat.has_more();
        if is_done {
            chats.remove(chat.jid());
        }
        is_done
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.stopping.clone();
        tokio::spawn(async move { stopping.run_until_cancelled(task).await });
    }

    /// Tells that something could not be answered.
    async fn tell_error(&self, chat_id: &Jid, message_id: &MessageId, error: &str) -> Result<(), PortError> {
        let data = EventData::AiError { chat_id: chat_id.clone(), message_id: Some(message_id.clone()), error: error.to_owned() };
        let step = self.shared.publisher.step(Change::Notice, Some(&data));
        self.shared.publisher.publish(&self.device, vec![step]).await.map(drop)
    }

    fn chats(&self) -> MutexGuard<'_, HashMap<Jid, mpsc::UnboundedSender<Heard>>> {
        self.chats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self) -> Option<Arc<Client>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).upgrade()
    }

    fn answering(&self) -> &Answering {
        &self.shared.answering
    }

    fn now(&self) -> Timestamp {
        self.shared.ports.clock.now()
    }
}
