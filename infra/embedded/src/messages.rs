//! Message records. Their order is by time, then by row; a cursor is a place in it.

use async_trait::async_trait;
use domain::{
    model::{Cursor, DeviceId, Direction, Message, MessageFilter, MessageId, Page, PageRequest, Timestamp},
    ports::{Accepted, Messages, PortError},
};
use rusqlite::{Connection, Row};

use crate::{
    Store,
    error::StoreError,
    rows::{self, integer},
};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT body, status, read_at, error, timestamp, row FROM messages ", $rest)
    };
}

#[async_trait]
impl Messages for Store {
    async fn accept(&self, message: &Message, idempotency_key: Option<&str>) -> Result<Accepted, PortError> {
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
        Ok(self.query(move |connection| list(connection, &filter, &page)).await?)
    }

    async fn pending(&self, before: Timestamp, limit: u32) -> Result<Vec<Message>, PortError> {
        const SQL: &str = select!("WHERE status = 'pending' AND timestamp < ?1 ORDER BY timestamp, row LIMIT ?2");
        Ok(self.query(move |connection| rows::all(connection, SQL, (before.millis(), limit), read)).await?)
    }
}

fn accept(connection: &Connection, message: &Message, key: Option<&str>) -> Result<Accepted, StoreError> {
    let find = "SELECT row FROM devices WHERE id = ?1";
    let device: i64 = rows::first(connection, find, [message.device_id.as_str()], |row| Ok(row.get(0)?))?.ok_or(StoreError::NoDevice)?;
    if let Some(key) = key {
        const SQL: &str = select!("WHERE device = ?1 AND idempotency_key = ?2");
        if let Some(first) = rows::first(connection, SQL, (device, key), read)? {
            return Ok(Accepted::Repeated(Box::new(first)));
        }
    }
    if insert(connection, device, message, key)? {
        rows::run(connection, "UPDATE tallies SET messages = messages + 1 WHERE device = ?1", [device])?;
        rows::run(connection, "UPDATE installation SET messages = messages + 1", [])?;
    }
    Ok(Accepted::New)
}

/// Stores a message, unless it is stored already; the figures are its caller's.
pub(crate) fn insert(connection: &Connection, device: i64, message: &Message, key: Option<&str>) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO messages (device, id, origin, idempotency_key, timestamp, status, read_at, error, body)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id, device, origin) DO NOTHING";
    let origin = match message.direction {
        Direction::Outgoing => String::new(),
        Direction::Incoming => format!("{} {}", message.chat, message.from.as_ref().map(ToString::to_string).unwrap_or_default()),
    };
    let values = (
        device,
        message.id.as_str(),
        origin,
        key,
        message.timestamp.millis(),
        message.status.as_str(),
        message.read_at.map(Timestamp::millis),
        message.error.as_deref(),
        serde_json::to_string(message)?,
    );
    Ok(rows::run(connection, SQL, values)? > 0)
}

fn list(connection: &Connection, filter: &MessageFilter, page: &PageRequest) -> Result<Page<Message>, StoreError> {
    let limit = page.limit.clamp(1, PageRequest::MAX_LIMIT);
    let device = filter.device.as_ref().map(DeviceId::as_str);
    let id = filter.id.as_ref().map(MessageId::as_str);
    // SQLite would rather walk through all of a device's messages, in order, than sort the few with one id.
    let mut wanted = String::from(if id.is_some() { "messages INDEXED BY messages_by_id WHERE id = ?2" } else { "messages WHERE TRUE" });
    if device.is_some() {
        wanted.push_str(" AND device = (SELECT row FROM devices WHERE id = ?1)");
    }
    let total = match (device, id) {
        (None, None) => rows::number(connection, "SELECT messages FROM installation", [])?,
        (Some(device), None) => {
            rows::number(connection, "SELECT messages FROM tallies WHERE device = (SELECT row FROM devices WHERE id = ?1)", [device])?
        }
        (device, Some(id)) => rows::number(connection, &format!("SELECT count(*) FROM {wanted}"), (device, id))?,
    };
    let after = page.cursor.as_ref().and_then(decode);
    if after.is_some() {
        wanted.push_str(" AND (timestamp, row) < (?3, ?4)");
    }
    // The rows before the page are skipped in an index, without a look at the messages themselves.
    let sql = format!(
        "SELECT body, status, read_at, error, timestamp, row FROM messages
         WHERE row IN (SELECT row FROM {wanted} ORDER BY timestamp DESC, row DESC LIMIT ?5 OFFSET ?6)
         ORDER BY timestamp DESC, row DESC"
    );
    let offset = if after.is_some() { 0 } else { integer(page.offset()) };
    let (timestamp, row) = after.unwrap_or_default();
    let values = (device, id, timestamp, row, limit + 1, offset);
    let mut items = rows::all(connection, &sql, values, |row| Ok((read(row)?, row.get(4)?, row.get(5)?)))?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| more).map(|(_, timestamp, row)| encode(*timestamp, *row));
    Ok(Page { items: items.into_iter().map(|(message, ..)| message).collect(), total, next })
}

fn read(row: &Row<'_>) -> Result<Message, StoreError> {
    let message: Message = rows::json(row, 0)?;
    Ok(Message { status: rows::word(row, 1)?, read_at: rows::moment_or_null(row, 2)?, error: row.get(3)?, ..message })
}

/// A place in a list that is ordered by time and row.
pub(crate) fn encode(timestamp: i64, row: i64) -> Cursor {
    Cursor([timestamp.to_be_bytes(), row.to_be_bytes()].concat())
}

/// What [`encode`] wrote; anything else is no place.
pub(crate) fn decode(cursor: &Cursor) -> Option<(i64, i64)> {
    let (timestamp, row) = cursor.0.split_first_chunk()?;
    Some((i64::from_be_bytes(*timestamp), i64::from_be_bytes(row.try_into().ok()?)))
}
