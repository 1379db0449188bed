//! What happens to devices: the change, its event and its delivery in one transaction.

use async_trait::async_trait;
use domain::{
    model::{DeviceId, Direction, Event, EventDraft, Message, MessageId, MessageStatus, Session, Timestamp, WebhookSettings},
    ports::{Change, Epoch, Journal, PortError, Step},
};
use rusqlite::Connection;

use crate::{
    Store,
    error::StoreError,
    messages,
    rows::{self, integer},
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
                if entry.apply(&change)?
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
    device: i64,
    webhook: Option<WebhookSettings>,
    seq: u64,
    messages: i64,
    sent: i64,
    received: i64,
}

impl<'a> Entry<'a> {
    fn open(connection: &'a Connection, device_id: DeviceId) -> Result<Option<Self>, StoreError> {
        const SQL: &str = "SELECT row, webhook, seq FROM devices JOIN tallies ON tallies.device = devices.row WHERE id = ?1";
        let found =
            rows::first(connection, SQL, [device_id.as_str()], |row| Ok((row.get(0)?, rows::json_or_null(row, 1)?, rows::count(row, 2)?)))?;
        Ok(found.map(|(device, webhook, seq)| Self { connection, device_id, device, webhook, seq, messages: 0, sent: 0, received: 0 }))
    }

    /// Answers whether the change took effect.
    fn apply(&mut self, change: &Change) -> Result<bool, StoreError> {
        match change {
            Change::Session(session) => self.session(session),
            Change::Message(message) => self.message(message),
            Change::Status { id, status, at, error } => self.status(id, *status, *at, error.as_deref()),
        }
    }

    fn session(&mut self, session: &Session) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE devices SET status = ?2, wanted = ?3, session = ?4 WHERE row = ?1";
        rows::run(self.connection, SQL, (self.device, session.status.as_str(), session.wanted, serde_json::to_string(session)?))?;
        Ok(true)
    }

    fn message(&mut self, message: &Message) -> Result<bool, StoreError> {
        let new = messages::insert(self.connection, self.device, message, None)?;
        if new {
            self.messages += 1;
            match message.direction {
                Direction::Incoming => self.received += 1,
                Direction::Outgoing => self.sent += i64::from(message.status >= MessageStatus::Sent),
            }
        }
        Ok(new)
    }

    fn status(&mut self, id: &MessageId, status: MessageStatus, at: Timestamp, error: Option<&str>) -> Result<bool, StoreError> {
        const FIND: &str = "SELECT row, status FROM messages WHERE id = ?2 AND device = ?1 AND origin = ''";
        let found = rows::first(self.connection, FIND, (self.device, id.as_str()), |row| {
            Ok((row.get::<_, i64>(0)?, rows::word::<MessageStatus>(row, 1)?))
        })?;
        let Some((row, before)) = found.filter(|(_, before)| before.can_become(status)) else { return Ok(false) };
        let read_at = (status == MessageStatus::Read).then_some(at.millis());
        const SQL: &str = "UPDATE messages SET status = ?2, read_at = coalesce(?3, read_at), error = ?4 WHERE row = ?1";
        rows::run(self.connection, SQL, (row, status.as_str(), read_at, error))?;
        self.sent += i64::from(before < MessageStatus::Sent && status >= MessageStatus::Sent);
        Ok(true)
    }

    fn record(&mut self, draft: EventDraft) -> Result<Event, StoreError> {
        self.seq += 1;
        let EventDraft { id, kind, at, data } = draft;
        const EVENT: &str = "INSERT INTO events (device, seq, id, kind, at, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        rows::run(self.connection, EVENT, (self.device, integer(self.seq), id.as_str(), kind.as_str(), at.millis(), data.get()))?;
        if self.webhook.as_ref().is_some_and(|webhook| webhook.wants(kind)) {
            const DELIVERY: &str = "INSERT INTO deliveries (device, seq, event_id, due_at) VALUES (?1, ?2, ?3, ?4)";
            rows::run(self.connection, DELIVERY, (self.device, integer(self.seq), id.as_str(), at.millis()))?;
        }
        Ok(Event { id, seq: self.seq, device_id: self.device_id.clone(), kind, at, data })
    }

    fn close(self) -> Result<(), StoreError> {
        const TALLY: &str =
            "UPDATE tallies SET seq = ?2, messages = messages + ?3, sent = sent + ?4, received = received + ?5 WHERE device = ?1";
        rows::run(self.connection, TALLY, (self.device, integer(self.seq), self.messages, self.sent, self.received))?;
        if self.messages > 0 {
            rows::run(self.connection, "UPDATE installation SET messages = messages + ?1", [self.messages])?;
        }
        Ok(())
    }
}
