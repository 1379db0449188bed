//! What happens to devices: the change, its event and its delivery in one transaction.

mod messages;

use async_trait::async_trait;
use domain::{
    model::{ContactUpdate, DeviceId, Direction, Event, EventDraft, Jid, Server, WebhookSettings},
    ports::{Change, Epoch, Journal, PortError, Step},
};

use crate::{
    Records,
    aliases::{self, Learned},
    deliveries,
    error::flaw,
    events,
    messages::sk as message_sk,
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
            Change::Edited { key, text, at } => self.edit(key, text, *at).await?,
            Change::Deleted { key, at } => self.take_back(key, *at).await?,
            Change::Media { key, file } => self.attach(key, file).await?,
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

/// The keys of what a step is about, as far as they can be told before it is read.
fn keys(Step { change, event }: &Step) -> Vec<String> {
    let named = |jid: &Jid, sk: fn(&Jid) -> String| [Some(sk(jid)), aliases::phone_sk(jid)].into_iter().flatten();
    let pair = |phone: &Jid, lid: &Jid| {
        [aliases::lid_sk(phone), chats::sk(phone), contacts::sk(phone), contacts::sk(lid)].into_iter().chain(named(lid, chats::sk))
    };
    let mut keys = Vec::new();
    match change {
        Change::Message(message) | Change::History(message) => {
            keys.push(message_sk(&message.key()));
            keys.extend(named(&message.chat, chats::sk));
            if let (Direction::Incoming, Some(from), Some(_)) = (message.direction, &message.from, &message.push_name) {
                keys.extend(named(from, contacts::sk));
            }
        }
        Change::Status { key, .. } => {
            keys.push(message_sk(key));
            keys.extend(event.iter().filter_map(|event| event.chat.as_ref()).flat_map(|chat| named(chat, chats::sk)));
        }
        Change::Edited { key, .. } | Change::Deleted { key, .. } | Change::Media { key, .. } => keys.push(message_sk(key)),
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
