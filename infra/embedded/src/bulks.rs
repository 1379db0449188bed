//! Bulks. Their messages know their place in them.

use async_trait::async_trait;
use domain::{
    model::{Bulk, BulkId, BulkProgress, Cursor, DeviceId, Message, MessageStatus, Page, PageRequest, Timestamp},
    ports::{Accepted, Bulks, PortError},
};
use rusqlite::{Connection, Row};

use crate::{
    Store,
    error::StoreError,
    messages,
    rows::{self, integer},
    sorts,
};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT body, cancelled_at FROM bulks ", $rest)
    };
}

#[async_trait]
impl Bulks for Store {
    async fn accept(&self, bulk: &Bulk, messages: &[Message], idempotency_key: Option<&str>) -> Result<Accepted<Bulk>, PortError> {
        let (bulk, messages, key) = (bulk.clone(), messages.to_vec(), idempotency_key.map(str::to_owned));
        Ok(self.writer().write(move |connection| accept(connection, &bulk, &messages, key.as_deref())).await?)
    }

    async fn accepted(&self, device: &DeviceId, idempotency_key: &str) -> Result<Option<Bulk>, PortError> {
        const SQL: &str = select!("WHERE device = (SELECT row FROM devices WHERE id = ?1) AND idempotency_key = ?2");
        Ok(self.look_up(|connection| rows::first(connection, SQL, (device.as_str(), idempotency_key), read))?)
    }

    async fn get(&self, id: &BulkId) -> Result<Option<Bulk>, PortError> {
        Ok(self.look_up(|connection| get(connection, id))?)
    }

    async fn progress(&self, id: &BulkId) -> Result<BulkProgress, PortError> {
        const SQL: &str = "SELECT status, count(*) FROM messages WHERE bulk = (SELECT row FROM bulks WHERE id = ?1) GROUP BY status";
        let id = id.clone();
        let count = move |connection: &Connection| rows::all(connection, SQL, [id.as_str()], |row| Ok((row.get(0)?, rows::count(row, 1)?)));
        let mut progress = BulkProgress::default();
        for (status, count) in self.query(count).await? {
            match sorts::status(status) {
                Some(MessageStatus::Pending) => progress.pending = count,
                Some(MessageStatus::Failed) => progress.failed = count,
                Some(MessageStatus::Sent) => progress.sent = count,
                Some(MessageStatus::Delivered) => progress.delivered = count,
                Some(MessageStatus::Read) => progress.read = count,
                None => {}
            }
        }
        Ok(progress)
    }

    async fn messages(&self, id: &BulkId, page: &PageRequest) -> Result<Page<Message>, PortError> {
        let (id, page) = (id.clone(), page.clone());
        Ok(self.query(move |connection| list(connection, &id, &page)).await?)
    }

    async fn cancel(&self, id: &BulkId, at: Timestamp) -> Result<Option<Bulk>, PortError> {
        let id = id.clone();
        let cancel = move |connection: &Connection| {
            rows::run(connection, "UPDATE bulks SET cancelled_at = coalesce(cancelled_at, ?2) WHERE id = ?1", (id.as_str(), at.millis()))?;
            get(connection, &id)
        };
        Ok(self.writer().write(cancel).await?)
    }
}

fn accept(connection: &Connection, bulk: &Bulk, messages: &[Message], key: Option<&str>) -> Result<Accepted<Bulk>, StoreError> {
    let owner = messages::owner(connection, &bulk.device_id)?.ok_or(StoreError::NoDevice)?;
    if let Some(key) = key
        && let Some(first) = rows::first(connection, select!("WHERE device = ?1 AND idempotency_key = ?2"), (owner.device, key), read)?
    {
        return Ok(Accepted::Repeated(Box::new(first)));
    }
    const SQL: &str = "INSERT INTO bulks (id, device, idempotency_key, cancelled_at, body) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (id) DO NOTHING RETURNING row";
    let values = (bulk.id.as_str(), owner.device, key, bulk.cancelled_at.map(Timestamp::millis), serde_json::to_string(bulk)?);
    // A call that is repeated finds its own bulk.
    if let Some(row) = rows::first(connection, SQL, values, |row| Ok(row.get(0)?))? {
        messages::store(connection, owner, messages, None, Some(row))?;
    }
    Ok(Accepted::New)
}

fn get(connection: &Connection, id: &BulkId) -> Result<Option<Bulk>, StoreError> {
    rows::first(connection, select!("WHERE id = ?1"), [id.as_str()], read)
}

fn list(connection: &Connection, id: &BulkId, page: &PageRequest) -> Result<Page<Message>, StoreError> {
    let moment = connection.unchecked_transaction()?;
    let bulk: Option<i64> = rows::first(&moment, "SELECT row FROM bulks WHERE id = ?1", [id.as_str()], |row| Ok(row.get(0)?))?;
    let total = rows::number(&moment, "SELECT count(*) FROM messages WHERE bulk = ?1", [bulk])?;
    let limit = page.limit.clamp(1, PageRequest::MAX_LIMIT);
    let after = page.cursor.as_ref().map(|cursor| cursor.0.as_slice().try_into().map_or(-1, i64::from_be_bytes));
    let offset = if after.is_some() { 0 } else { integer(page.offset()) };
    const SQL: &str = "SELECT part, row FROM messages WHERE bulk = ?1 AND part > ?2 ORDER BY part LIMIT ?3 OFFSET ?4";
    let mut places: Vec<(i64, i64)> =
        rows::all(&moment, SQL, (bulk, after.unwrap_or(-1), limit + 1, offset), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let more = places.len() > limit as usize;
    places.truncate(limit as usize);
    let next = places.last().filter(|_| more).map(|(part, _)| Cursor(part.to_be_bytes().into()));
    let items = places.into_iter().map(|(_, row)| messages::load(&moment, row)).collect::<Result<_, _>>()?;
    Ok(Page { items, total, next })
}

fn read(row: &Row<'_>) -> Result<Bulk, StoreError> {
    Ok(Bulk { cancelled_at: rows::moment_or_null(row, 1)?, ..rows::json(row, 0)? })
}
