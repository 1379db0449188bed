//! What happens to devices: the change, its event and its delivery in one transaction.

use async_trait::async_trait;
use domain::{
    model::{
        Attachment, ContactUpdate, DeviceId, Direction, Event, EventDraft, Jid, MediaFile, Message, MessageKey, MessageStatus, Origin,
        Server, Timestamp, WebhookSettings,
    },
    ports::{Change, Epoch, Journal, PortError, Step},
};

use crate::{
    Records,
    aliases::{self, Learned},
    counts::Class,
    deliveries,
    error::flaw,
    events, messages,
    people::{chats, contacts, groups},
    table::text_of,
    work::Work,
};

/// For so many steps at once it is read ahead what they are about.
const AHEAD: usize = 50;

/// The steps are stored in one transaction with the device's head, whose condition is that nobody has written it meanwhile; so they are computed anew where
/// somebody has. More than fit are stored in parts, each whole: after a crash between them, a repetition of the call stores the rest.
#[async_trait]
impl Journal for Records {
    async fn commit(&self, device: &DeviceId, epoch: Epoch, steps: Vec<Step>) -> Result<Vec<Event>, PortError> {
        let _turn = self.turn(device).await;
        self.fences.raise(device, epoch).await?;
        let mut events = Vec::with_capacity(steps.len());
        let mut left = steps.as_slice();
        while !left.is_empty() {
            let Some(mut part) = Part::open(self, device, epoch, left).await? else { break };
            let taken = part.take(left).await?;
            if part.work.store().await? {
                left = &left[taken..];
                events.append(&mut part.events);
            }
        }
        Ok(events)
    }
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Nothing,
    /// Some of it is done: it is to be applied again once that is stored.
    Part,
    Whole,
}

impl From<bool> for Effect {
    fn from(changed: bool) -> Self {
        if changed { Self::Whole } else { Self::Nothing }
    }
}

/// As many steps as one transaction takes, and their events.
struct Part {
    work: Work,
    webhook: Option<WebhookSettings>,
    events: Vec<Event>,
}

/// A message as it is stored.
struct Stored {
    sk: String,
    message: Message,
    unread: Option<String>,
}

impl Part {
    async fn open(records: &Records, device: &DeviceId, epoch: Epoch, steps: &[Step]) -> Result<Option<Self>, PortError> {
        let keys = steps.iter().take(AHEAD).flat_map(keys).collect();
        let Some(work) = Work::open(records, device, epoch, keys).await? else { return Ok(None) };
        let webhook = text_of(&work.settings, "webhook").ok().map(serde_json::from_str).transpose().map_err(flaw)?;
        Ok(Some(Self { work, webhook, events: Vec::new() }))
    }

    /// Applies steps while they fit; answers how many are done.
    async fn take(&mut self, steps: &[Step]) -> Result<usize, PortError> {
        for (done, Step { change, event }) in steps.iter().enumerate() {
            if self.work.is_full() {
                return Ok(done);
            }
            let effect = self.apply(change).await?;
            if effect == Effect::Part {
                return Ok(done);
            }
            if let (Effect::Whole, Some(draft)) = (effect, event) {
                self.record(draft)?;
            }
        }
        Ok(steps.len())
    }

    async fn apply(&mut self, change: &Change) -> Result<Effect, PortError> {
        let changed = match change {
            Change::Session(session) => {
                self.work.head.session.clone_from(session);
                true
            }
            Change::Message(message) => self.message(message).await?,
            Change::History(message) => self.store(message).await?,
            Change::Status { key, status, at, error } => self.status(key, *status, *at, error.as_deref()).await?,
            Change::Edited { key, text, at } => self.rewrite(key, |message| edit(message, text, *at)).await?,
            Change::Deleted { key, at } => self.rewrite(key, |message| take_back(message, *at)).await?,
            Change::Media { key, file } => self.rewrite(key, |message| attach(message, file)).await?,
            Change::Alias { phone, lid } => return self.alias(phone, lid).await,
            Change::Contact { contact, update } => return self.contact(contact, update).await,
            Change::Blocked { contacts } => contacts::block(&mut self.work, contacts).await?,
            Change::Chat { chat, update } => {
                let chat = aliases::name(&mut self.work, chat).await?;
                chats::update(&mut self.work, &chat, update).await?
            }
            Change::ChatDeleted { chat } => {
                let chat = aliases::name(&mut self.work, chat).await?;
                chats::delete(&mut self.work, &chat).await?
            }
            Change::Group(group) => groups::put(&mut self.work, group).await?,
            Change::GroupLeft { group } => groups::leave(&mut self.work, group).await?,
            Change::Notice => true,
        };
        Ok(changed.into())
    }

    async fn message(&mut self, message: &Message) -> Result<bool, PortError> {
        let new = self.store(message).await?;
        if new {
            let traffic = &mut self.work.head.traffic;
            match message.direction {
                Direction::Incoming => traffic.received += 1,
                Direction::Outgoing => traffic.sent += u64::from(message.status >= MessageStatus::Sent),
            }
        }
        Ok(new)
    }

    async fn store(&mut self, message: &Message) -> Result<bool, PortError> {
        let told = messages::sk(&message.key());
        let mut message = message.clone();
        self.name(&mut message).await?;
        let sk = messages::sk(&message.key());
        // It may be there under its former name, if a crash came while its chat was moved.
        if self.work.get(&sk).await?.is_some() || self.work.get(&told).await?.is_some() {
            return Ok(false);
        }
        let unread = chats::written(&mut self.work, &message).await?;
        self.work.count(message.timestamp, Class::of(&message), 1).await?;
        aliases::note(&mut self.work, &message);
        if message.direction == Direction::Incoming
            && let (Some(from), Some(push_name)) = (&message.from, message.push_name.as_deref())
            && !push_name.is_empty()
        {
            contacts::call(&mut self.work, from, push_name).await?;
        }
        self.put(Stored { sk, message, unread })?;
        Ok(true)
    }

    async fn status(&mut self, key: &MessageKey, status: MessageStatus, at: Timestamp, error: Option<&str>) -> Result<bool, PortError> {
        let Some(mut stored) = self.find(key).await? else { return Ok(false) };
        let message = &mut stored.message;
        let before = Class::of(message);
        if !before.status.can_become(status) {
            return Ok(false);
        }
        message.status = status;
        message.error = error.map(str::to_owned);
        if status == MessageStatus::Read {
            message.read_at = Some(at);
        }
        if message.direction == Direction::Outgoing {
            self.work.head.traffic.sent += u64::from(before.status < MessageStatus::Sent && status >= MessageStatus::Sent);
        } else if status == MessageStatus::Read
            && let Some(unread) = stored.unread.take()
        {
            chats::read(&mut self.work, &message.chat, &unread).await?;
        }
        if !before.is_counted() {
            self.name(message).await?;
            chats::sent(&mut self.work, message).await?;
            aliases::note(&mut self.work, message);
        }
        self.work.count(message.timestamp, before, -1).await?;
        self.work.count(message.timestamp, Class::of(message), 1).await?;
        self.put(stored)?;
        Ok(true)
    }

    async fn alias(&mut self, phone: &Jid, lid: &Jid) -> Result<Effect, PortError> {
        match aliases::learn(&mut self.work, phone, lid).await? {
            Learned::Nothing => Ok(Effect::Nothing),
            Learned::Part => Ok(Effect::Part),
            Learned::All => {
                chats::merge(&mut self.work, phone, lid).await?;
                contacts::merge(&mut self.work, phone, lid).await?;
                Ok(Effect::Whole)
            }
        }
    }

    async fn contact(&mut self, contact: &Jid, update: &ContactUpdate) -> Result<Effect, PortError> {
        let contact = aliases::name(&mut self.work, contact).await?;
        let learned = match &update.lid {
            Some(lid) if contact.server() == Server::Phone => self.alias(&contact, lid).await?,
            _ => Effect::Nothing,
        };
        if learned == Effect::Part {
            return Ok(learned);
        }
        let changed = contacts::update(&mut self.work, &contact, update.clone()).await?;
        Ok((changed || learned == Effect::Whole).into())
    }

    /// Changes what a message says, if it is stored and `change` answers that there is something to change.
    async fn rewrite(&mut self, key: &MessageKey, change: impl FnOnce(&mut Message) -> bool) -> Result<bool, PortError> {
        let Some(mut stored) = self.find(key).await? else { return Ok(false) };
        let changed = change(&mut stored.message);
        if changed {
            self.put(stored)?;
        }
        Ok(changed)
    }

    /// The message of a key, which may be from before its chat got its number.
    async fn find(&mut self, key: &MessageKey) -> Result<Option<Stored>, PortError> {
        let found = self.load(messages::sk(key)).await?;
        let Origin::Other { chat, from } = &key.origin else { return Ok(found) };
        let phone = aliases::name(&mut self.work, chat).await?;
        if found.is_some() || phone == *chat {
            return Ok(found);
        }
        let from = from.clone().map(|from| if from == *chat { phone.clone() } else { from });
        self.load(messages::sk(&MessageKey { id: key.id.clone(), origin: Origin::Other { chat: phone, from } })).await
    }

    async fn load(&mut self, sk: String) -> Result<Option<Stored>, PortError> {
        let Some(item) = self.work.get(&sk).await? else { return Ok(None) };
        let (message, unread) = (messages::message_of(item)?, messages::unread_of(item).map(str::to_owned));
        Ok(Some(Stored { sk, message, unread }))
    }

    fn put(&mut self, Stored { sk, message, unread }: Stored) -> Result<(), PortError> {
        let item = messages::item_of(&message, self.work.lane(), unread.as_deref())?;
        self.work.put(&sk, item);
        Ok(())
    }

    /// Has a message of a hidden id's chat name the number, if it is known.
    async fn name(&mut self, message: &mut Message) -> Result<(), PortError> {
        let chat = aliases::name(&mut self.work, &message.chat).await?;
        if chat != message.chat {
            let lid = message.chat.clone();
            aliases::rename(message, &lid, &chat);
        }
        Ok(())
    }

    fn record(&mut self, draft: &EventDraft) -> Result<(), PortError> {
        self.work.head.seq += 1;
        let (device, seq) = (self.work.device().clone(), self.work.head.seq);
        let wanted = self.webhook.as_ref().is_some_and(|webhook| webhook.wants(draft.kind));
        self.work.add(events::item(&device, seq, draft, wanted))?;
        if wanted {
            self.work.add(deliveries::waiting_item(&device, self.work.lane(), seq, draft))?;
        }
        let EventDraft { id, kind, at, trace, data, .. } = draft.clone();
        self.events.push(Event { id, seq, device_id: device, kind, at, trace, data });
        Ok(())
    }
}

fn edit(message: &mut Message, text: &str, at: Timestamp) -> bool {
    if message.deleted_at.is_some() || message.edited_at.is_some_and(|edited_at| edited_at >= at) {
        return false;
    }
    message.edited_at = Some(at);
    message.set_text(text.to_owned());
    true
}

fn take_back(message: &mut Message, at: Timestamp) -> bool {
    let new = message.deleted_at.is_none();
    message.deleted_at.get_or_insert(at);
    new
}

fn attach(message: &mut Message, file: &MediaFile) -> bool {
    match &mut message.attachment {
        Some(Attachment::Media(known)) if known.stored().is_none() && known != file => {
            known.clone_from(file);
            true
        }
        _ => false,
    }
}

/// The keys of what a step is about, as far as they can be told before it is read.
fn keys(Step { change, event }: &Step) -> Vec<String> {
    let named = |jid: &Jid, sk: fn(&Jid) -> String| [Some(sk(jid)), aliases::phone_sk(jid)].into_iter().flatten();
    let pair = |phone: &Jid, lid: &Jid| {
        [aliases::lid_sk(phone), chats::sk(phone), contacts::sk(phone), contacts::sk(lid)].into_iter().chain(named(lid, chats::sk))
    };
    let mut keys = Vec::new();
    match change {
        Change::Message(message) | Change::History(message) => {
            keys.push(messages::sk(&message.key()));
            keys.extend(named(&message.chat, chats::sk));
            if let (Direction::Incoming, Some(from), Some(_)) = (message.direction, &message.from, &message.push_name) {
                keys.extend(named(from, contacts::sk));
            }
        }
        Change::Status { key, .. } => {
            keys.push(messages::sk(key));
            keys.extend(event.iter().filter_map(|event| event.chat.as_ref()).flat_map(|chat| named(chat, chats::sk)));
        }
        Change::Edited { key, .. } | Change::Deleted { key, .. } | Change::Media { key, .. } => keys.push(messages::sk(key)),
        Change::Alias { phone, lid } => keys.extend(pair(phone, lid)),
        Change::Contact { contact, update } => {
            keys.extend(named(contact, contacts::sk));
            keys.extend(update.lid.iter().flat_map(|lid| pair(contact, lid)));
        }
        Change::Chat { chat, .. } | Change::ChatDeleted { chat } => keys.extend(named(chat, chats::sk)),
        Change::Group(group) => keys.push(groups::sk(&group.jid)),
        Change::GroupLeft { group } => keys.push(groups::sk(group)),
        Change::Session(_) | Change::Blocked { .. } | Change::Notice => {}
    }
    keys
}
