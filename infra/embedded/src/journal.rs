//! What happens to devices: the change, its event and its delivery in one transaction.

use async_trait::async_trait;
use domain::{
    model::{
        Attachment, ContactUpdate, DeviceId, Direction, Event, EventDraft, Jid, MediaFile, Message, MessageKey, MessageStatus, Origin,
        Server, Session, Timestamp, WebhookSettings,
    },
    ports::{Change, Epoch, Journal, PortError, Step},
};
use rusqlite::Connection;

use crate::{
    Store, aliases,
    counts::{Counts, Owner},
    deliveries,
    error::StoreError,
    messages::{self, Stored},
    people::{chats, contacts, groups},
    rows::{self, integer},
    sorts::{self, Class},
};

#[async_trait]
impl Journal for Store {
    async fn commit(&self, device: &DeviceId, epoch: Epoch, steps: Vec<Step>) -> Result<Vec<Event>, PortError> {
        let (device, fences) = (device.clone(), self.fences());
        let commit = move |connection: &Connection| {
            fences.pass(&device, epoch)?;
            let Some(mut entry) = Entry::open(connection, device)? else { return Ok(Vec::new()) };
            let mut events = Vec::with_capacity(steps.len());
            for Step { change, event } in steps {
                if entry.apply(change)?
                    && let Some(draft) = event
                {
                    events.push(entry.record(draft)?);
                }
            }
            entry.close()?;
            Ok(events)
        };
        Ok(self.writer().write(commit).await?)
    }
}

/// One device while steps are applied to it; its figures are written once, at the end.
struct Entry<'a> {
    connection: &'a Connection,
    device_id: DeviceId,
    owner: Owner,
    webhook: Option<WebhookSettings>,
    seq: u64,
    messages: i64,
    sent: i64,
    received: i64,
    counts: Counts,
}

impl<'a> Entry<'a> {
    fn open(connection: &'a Connection, device_id: DeviceId) -> Result<Option<Self>, StoreError> {
        const SQL: &str = "SELECT row, user_id, webhook, seq FROM devices JOIN tallies ON tallies.device = devices.row WHERE id = ?1";
        let found = rows::first(connection, SQL, [device_id.as_str()], |row| {
            Ok((Owner { device: row.get(0)?, user: row.get(1)? }, rows::json_or_null(row, 2)?, rows::count(row, 3)?))
        })?;
        Ok(found.map(|(owner, webhook, seq)| Self {
            connection,
            device_id,
            owner,
            webhook,
            seq,
            messages: 0,
            sent: 0,
            received: 0,
            counts: Counts::default(),
        }))
    }

    /// Answers whether the change took effect.
    fn apply(&mut self, change: Change) -> Result<bool, StoreError> {
        match change {
            Change::Session(session) => self.session(&session),
            Change::Message(message) => self.message(&message),
            Change::History(message) => self.store(&message),
            Change::Status { key, status, at, error } => self.status(&key, status, at, error.as_deref()),
            Change::Edited { key, text, at } => self.edited(&key, text, at),
            Change::Deleted { key, at } => self.rewrite(&key, |message| {
                let new = message.deleted_at.is_none();
                message.deleted_at.get_or_insert(at);
                new
            }),
            Change::Media { key, file } => self.media(&key, file),
            Change::Alias { phone, lid } => self.alias(&phone, &lid),
            Change::Contact { contact, update } => self.contact(&contact, *update),
            Change::Blocked { contacts } => contacts::block(self.connection, self.owner.device, &contacts),
            Change::Chat { chat, update } => chats::update(self.connection, self.owner.device, &self.name(&chat)?, &update),
            Change::ChatDeleted { chat } => chats::delete(self.connection, self.owner.device, &self.name(&chat)?),
            Change::Group(group) => groups::put(self.connection, self.owner.device, &group),
            Change::GroupLeft { group } => groups::leave(self.connection, self.owner.device, &group),
            Change::Notice => Ok(true),
        }
    }

    /// What a person, or their chat, is kept under.
    fn name(&self, jid: &Jid) -> Result<Jid, StoreError> {
        aliases::chat(self.connection, self.owner.device, jid)
    }

    fn session(&mut self, session: &Session) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE devices SET status = ?2, wanted = ?3, session = ?4, started_at = ?5 WHERE row = ?1";
        let started_at = session.started_at.map(Timestamp::millis);
        let values = (self.owner.device, session.status.as_str(), session.wanted, serde_json::to_string(session)?, started_at);
        rows::run(self.connection, SQL, values)?;
        Ok(true)
    }

    fn message(&mut self, message: &Message) -> Result<bool, StoreError> {
        let new = self.store(message)?;
        if new {
            match message.direction {
                Direction::Incoming => self.received += 1,
                Direction::Outgoing => self.sent += i64::from(message.status >= MessageStatus::Sent),
            }
        }
        Ok(new)
    }

    fn store(&mut self, message: &Message) -> Result<bool, StoreError> {
        let new = messages::insert(self.connection, self.owner.device, message, None, None)?;
        if new {
            self.messages += 1;
            if message.direction == Direction::Incoming
                && let (Some(from), Some(push_name)) = (&message.from, message.push_name.as_deref())
                && !push_name.is_empty()
            {
                contacts::call(self.connection, self.owner.device, from, push_name)?;
            }
        }
        Ok(new)
    }

    fn status(&mut self, key: &MessageKey, status: MessageStatus, at: Timestamp, error: Option<&str>) -> Result<bool, StoreError> {
        let Some(Stored { row, timestamp, class, fresh }) = self.find(key)? else { return Ok(false) };
        let Some(before) = sorts::status(class.status).filter(|before| before.can_become(status)) else { return Ok(false) };
        let read_at = (status == MessageStatus::Read).then_some(at.millis());
        let outgoing = key.origin == Origin::Own;
        const SENT: &str = "UPDATE messages SET status = ?2, read_at = coalesce(?3, read_at), error = ?4 WHERE row = ?1";
        const SEEN: &str = "UPDATE messages SET status = ?2, read_at = coalesce(?3, read_at), error = ?4, unread = 0 WHERE row = ?1";
        let sql = if outgoing || read_at.is_none() { SENT } else { SEEN };
        rows::run(self.connection, sql, (row, sorts::number(status), read_at, error))?;
        if !fresh {
            self.counts.remove(self.owner, timestamp, class);
            self.counts.add(self.owner, timestamp, Class { status: sorts::number(status), ..class });
        }
        self.sent += i64::from(outgoing && before < MessageStatus::Sent && status >= MessageStatus::Sent);
        Ok(true)
    }

    fn edited(&mut self, key: &MessageKey, text: String, at: Timestamp) -> Result<bool, StoreError> {
        self.rewrite(key, |message| {
            if message.deleted_at.is_some() || message.edited_at.is_some_and(|edited_at| edited_at >= at) {
                return false;
            }
            message.edited_at = Some(at);
            message.set_text(text);
            true
        })
    }

    fn media(&mut self, key: &MessageKey, file: MediaFile) -> Result<bool, StoreError> {
        self.rewrite(key, |message| match &mut message.attachment {
            Some(Attachment::Media(known)) if known.stored().is_none() && *known != file => {
                *known = file;
                true
            }
            _ => false,
        })
    }

    fn alias(&mut self, phone: &Jid, lid: &Jid) -> Result<bool, StoreError> {
        let new = aliases::learn(self.connection, self.owner.device, phone, lid)?;
        if new {
            self.messages -= aliases::merge(self.connection, self.owner, phone, lid, &mut self.counts)?;
            chats::merge(self.connection, self.owner.device, phone, lid)?;
            contacts::merge(self.connection, self.owner.device, phone, lid)?;
        }
        Ok(new)
    }

    fn contact(&mut self, contact: &Jid, update: ContactUpdate) -> Result<bool, StoreError> {
        let contact = self.name(contact)?;
        let learned = match &update.lid {
            Some(lid) if contact.server() == Server::Phone => self.alias(&contact, lid)?,
            _ => false,
        };
        Ok(contacts::update(self.connection, self.owner.device, &contact, update)? || learned)
    }

    /// Changes what a message says, if it is stored and `change` answers that there is something to change.
    fn rewrite(&mut self, key: &MessageKey, change: impl FnOnce(&mut Message) -> bool) -> Result<bool, StoreError> {
        let Some(Stored { row, .. }) = self.find(key)? else { return Ok(false) };
        let mut message = messages::load(self.connection, row)?;
        let changed = change(&mut message);
        if changed {
            messages::rewrite(self.connection, row, &message)?;
        }
        Ok(changed)
    }

    /// The message of a key, which may be from before its chat got its number.
    fn find(&self, key: &MessageKey) -> Result<Option<Stored>, StoreError> {
        let device = self.owner.device;
        let found = messages::find(self.connection, device, &key.id, &messages::origin(key))?;
        let Origin::Other { chat, from } = &key.origin else { return Ok(found) };
        let phone = aliases::chat(self.connection, device, chat)?;
        if found.is_some() || phone == *chat {
            return Ok(found);
        }
        let from = from.clone().map(|from| if from == *chat { phone.clone() } else { from });
        let key = MessageKey { id: key.id.clone(), origin: Origin::Other { chat: phone, from } };
        messages::find(self.connection, device, &key.id, &messages::origin(&key))
    }

    fn record(&mut self, draft: EventDraft) -> Result<Event, StoreError> {
        self.seq += 1;
        let EventDraft { id, kind, chat, at, trace, data } = draft;
        let (device, seq, chat) = (self.owner.device, integer(self.seq), deliveries::chat(chat.as_ref()));
        const EVENT: &str = "INSERT INTO events (device, seq, id, kind, chat, at, trace, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let place = trace.as_ref().map(|trace| &trace.0);
        rows::run(self.connection, EVENT, (device, seq, id.as_str(), kind.as_str(), &chat, at.millis(), place, data.get()))?;
        if self.webhook.as_ref().is_some_and(|webhook| webhook.wants(kind)) {
            const DELIVERY: &str = "INSERT INTO deliveries (device, seq, chat, due_at) VALUES (?1, ?2, ?3, ?4)";
            rows::run(self.connection, DELIVERY, (device, seq, chat, at.millis()))?;
        }
        Ok(Event { id, seq: self.seq, device_id: self.device_id.clone(), kind, at, trace, data })
    }

    fn close(self) -> Result<(), StoreError> {
        const TALLY: &str =
            "UPDATE tallies SET seq = ?2, messages = messages + ?3, sent = sent + ?4, received = received + ?5 WHERE device = ?1";
        rows::run(self.connection, TALLY, (self.owner.device, integer(self.seq), self.messages, self.sent, self.received))?;
        self.counts.write(self.connection)
    }
}
