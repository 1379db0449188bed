//! Message records.

use async_trait::async_trait;
use domain::{
    model::{
        DeviceId, Direction, Jid, Message, MessageFilter, MessageId, MessageKey, MessageStatus, MessageTally, MessageType, Origin, Page,
        PageRequest, Server, Timestamp,
    },
    ports::{Accepted, Messages, PortError},
};
use rusqlite::{Connection, Row};

use crate::{
    Store, aliases,
    counts::{Counts, Owner},
    error::StoreError,
    fresh, pages,
    people::chats,
    rows::{self, integer},
    sorts::{self, Class},
};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT body, status, read_at, error FROM messages ", $rest)
    };
}

#[async_trait]
impl Messages for Store {
    async fn accept(&self, message: &Message, idempotency_key: Option<&str>) -> Result<Accepted<Message>, PortError> {
        let (message, key) = (message.clone(), idempotency_key.map(str::to_owned));
        Ok(self.writer().write(move |connection| accept(connection, &message, key.as_deref())).await?)
    }

    async fn accepted(&self, device: &DeviceId, idempotency_key: &str) -> Result<Option<Message>, PortError> {
        const SQL: &str = select!("WHERE device = (SELECT row FROM devices WHERE id = ?1) AND idempotency_key = ?2");
        Ok(self.look_up(|connection| rows::first(connection, SQL, (device.as_str(), idempotency_key), read))?)
    }

    async fn get(&self, device: &DeviceId, id: &MessageId) -> Result<Option<Message>, PortError> {
        const SQL: &str = select!(
            "INDEXED BY messages_by_id WHERE id = ?2 AND device = (SELECT row FROM devices WHERE id = ?1)
            ORDER BY timestamp DESC, row DESC LIMIT 1"
        );
        Ok(self.look_up(|connection| rows::first(connection, SQL, (device.as_str(), id.as_str()), read))?)
    }

    async fn list(&self, filter: &MessageFilter, page: &PageRequest) -> Result<Page<Message>, PortError> {
        let (filter, page) = (filter.clone(), page.clone());
        Ok(self.query(move |connection| pages::list(connection, &filter, &page)).await?)
    }

    async fn tally(&self, filter: &MessageFilter) -> Result<MessageTally, PortError> {
        let filter = filter.clone();
        Ok(self.query(move |connection| pages::tally(connection, &filter)).await?)
    }

    async fn pending(&self, before: Timestamp, limit: u32) -> Result<Vec<Message>, PortError> {
        const SQL: &str =
            select!("WHERE status = 0 AND coalesce(due_at, timestamp) < ?1 ORDER BY coalesce(due_at, timestamp), row LIMIT ?2");
        Ok(self.query(move |connection| rows::all(connection, SQL, (before.millis(), limit), read)).await?)
    }

    async fn awaiting_media(&self, device: &DeviceId, limit: u32) -> Result<Vec<Message>, PortError> {
        const SQL: &str =
            select!("WHERE device = (SELECT row FROM devices WHERE id = ?1) AND awaits_media = 1 ORDER BY timestamp, row LIMIT ?2");
        let device = device.clone();
        Ok(self.query(move |connection| rows::all(connection, SQL, (device.as_str(), limit), read)).await?)
    }
}

fn accept(connection: &Connection, message: &Message, key: Option<&str>) -> Result<Accepted<Message>, StoreError> {
    let owner = owner(connection, &message.device_id)?.ok_or(StoreError::NoDevice)?;
    if let Some(key) = key {
        const SQL: &str = select!("WHERE device = ?1 AND idempotency_key = ?2");
        if let Some(first) = rows::first(connection, SQL, (owner.device, key), read)? {
            return Ok(Accepted::Repeated(Box::new(first)));
        }
    }
    store(connection, owner, std::slice::from_ref(message), key, None)?;
    Ok(Accepted::New)
}

/// The row and the user of a device.
pub(crate) fn owner(connection: &Connection, device: &DeviceId) -> Result<Option<Owner>, StoreError> {
    const SQL: &str = "SELECT row, user_id FROM devices WHERE id = ?1";
    rows::first(connection, SQL, [device.as_str()], |row| Ok(Owner { device: row.get(0)?, user: row.get(1)? }))
}

/// Stores accepted messages, those stored already apart, with the figures. `bulk` is the row of theirs.
pub(crate) fn store(
    connection: &Connection,
    owner: Owner,
    messages: &[Message],
    key: Option<&str>,
    bulk: Option<i64>,
) -> Result<(), StoreError> {
    let mut new = 0;
    for message in messages {
        new += i64::from(insert(connection, owner.device, message, key, bulk)?);
    }
    rows::run(connection, "UPDATE tallies SET messages = messages + ?2 WHERE device = ?1", (owner.device, new)).map(drop)
}

/// Stores a message, unless it is stored already; the tallies are its caller's.
pub(crate) fn insert(
    connection: &Connection,
    device: i64,
    message: &Message,
    key: Option<&str>,
    bulk: Option<i64>,
) -> Result<bool, StoreError> {
    if message.chat.server() == Server::Lid
        && let Some(phone) = aliases::phone(connection, device, &message.chat)?
    {
        let mut moved = message.clone();
        aliases::rename(&mut moved, &message.chat, &phone);
        return insert(connection, device, &moved, key, bulk);
    }
    const SQL: &str = "INSERT INTO messages (device, id, origin, chat, sort, status, timestamp, fresh, due_at, awaits_media, bulk, part,
            idempotency_key, read_at, error, body, unread)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) ON CONFLICT (id, device, origin) DO NOTHING";
    let class = Class::of(message);
    let values = (
        device,
        message.id.as_str(),
        origin(&message.key()),
        message.chat.to_string(),
        class.sort,
        class.status,
        message.timestamp.millis(),
        message.due_at.map(Timestamp::millis),
        awaits_media(message),
        bulk,
        bulk.and(message.bulk.as_ref()).map(|part| part.index),
        key,
        message.read_at.map(Timestamp::millis),
        message.error.as_deref(),
        serde_json::to_string(message)?,
        is_unread(message),
    );
    let new = rows::run(connection, SQL, values)? > 0;
    if new {
        fresh::stored(connection, connection.last_insert_rowid())?;
        chats::written(connection, device, message)?;
    }
    Ok(new)
}

/// What makes a message's id unique within its device.
pub(crate) fn origin(key: &MessageKey) -> String {
    match &key.origin {
        Origin::Own => String::new(),
        Origin::Other { chat, from } => format!("{chat} {}", from.as_ref().map(ToString::to_string).unwrap_or_default()),
    }
}

/// A message as it is stored.
pub(crate) struct Stored {
    pub row: i64,
    pub timestamp: i64,
    pub class: Class,
    pub fresh: bool,
}

impl Stored {
    /// Reads `row, timestamp, sort, status, fresh`.
    pub fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let class = Class { sort: row.get(2)?, status: row.get(3)? };
        Ok(Self { row: row.get(0)?, timestamp: row.get(1)?, class, fresh: row.get(4)? })
    }
}

/// The message of a key, if it is stored.
pub(crate) fn find(connection: &Connection, device: i64, id: &MessageId, origin: &str) -> Result<Option<Stored>, StoreError> {
    const SQL: &str = "SELECT row, timestamp, sort, status, fresh FROM messages WHERE id = ?2 AND device = ?1 AND origin = ?3";
    rows::first(connection, SQL, (device, id.as_str(), origin), Stored::read)
}

/// The message of a row.
pub(crate) fn load(connection: &Connection, row: i64) -> Result<Message, StoreError> {
    let found = rows::first(connection, select!("WHERE row = ?1"), [row], read)?;
    found.ok_or_else(|| StoreError::record("an index names no row"))
}

/// Stores what a message says by now: neither its status, nor what it is found by.
pub(crate) fn rewrite(connection: &Connection, row: i64, message: &Message) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE messages SET body = ?2, awaits_media = ?3 WHERE row = ?1";
    rows::run(connection, SQL, (row, serde_json::to_string(message)?, awaits_media(message))).map(drop)
}

fn awaits_media(message: &Message) -> bool {
    message.media().is_some_and(domain::model::MediaFile::is_awaited)
}

/// Whether its chat counts it among what nobody has read.
fn is_unread(message: &Message) -> bool {
    message.direction == Direction::Incoming
        && message.status < MessageStatus::Read
        && !matches!(message.kind, MessageType::Reaction | MessageType::Vote)
        && message.chat.server() != Server::Broadcast
}

/// Nothing of a chat is unread any more, whatever the messages' statuses say.
pub(crate) fn all_read(connection: &Connection, device: i64, chat: &Jid) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE messages INDEXED BY messages_unread SET unread = 0 WHERE device = ?1 AND chat = ?2 AND unread = 1";
    rows::run(connection, SQL, (device, chat.to_string())).map(drop)
}

/// The latest message of a chat.
pub(crate) fn last(connection: &Connection, device: i64, chat: &Jid) -> Result<Option<Message>, StoreError> {
    const SQL: &str = select!("INDEXED BY messages_by_chat WHERE device = ?1 AND chat = ?2 ORDER BY timestamp DESC, row DESC LIMIT 1");
    rows::first(connection, SQL, (device, chat.to_string()), read)
}

/// Removes some messages of a device, with their counts; answers how many.
pub(crate) fn remove_some(connection: &Connection, owner: Owner, most: usize) -> Result<usize, StoreError> {
    const SQL: &str = "DELETE FROM messages WHERE row IN (SELECT row FROM messages WHERE device = ?1 LIMIT ?2)
        RETURNING row, timestamp, sort, status, fresh";
    let removed = rows::all(connection, SQL, (owner.device, integer(most as u64)), Stored::read)?;
    let mut counts = Counts::default();
    for message in removed.iter().filter(|message| !message.fresh) {
        counts.remove(owner, message.timestamp, message.class);
    }
    counts.write(connection)?;
    Ok(removed.len())
}

pub(crate) fn read(row: &Row<'_>) -> Result<Message, StoreError> {
    let message: Message = rows::json(row, 0)?;
    let status = sorts::status(row.get(1)?).ok_or_else(|| StoreError::record("no such status"))?;
    Ok(Message { status, read_at: rows::moment_or_null(row, 2)?, error: row.get(3)?, ..message })
}
