//! Devices. What changes with every message is kept apart, in the tallies.

use async_trait::async_trait;
use domain::{
    model::{
        ApiKey, DeliveryStats, Device, DeviceFilter, DeviceId, DeviceUpdate, MessageCounts, Page, PageRequest, Removed, Session,
        SessionFilter, SessionId, Status, Timestamp, UserId,
    },
    ports::{Devices, PortError},
};
use rusqlite::{Connection, Row};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    Store,
    counts::{self, Owner},
    error::StoreError,
    key_value, messages,
    rows::{self, integer},
    window::Window,
};

/// Most rows of one table deleted in one go, so that a device with a long past holds up nobody's writes.
const BATCH: usize = 500;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, user_id, session_id, alias, description, api_key, webhook, ai, created_at, updated_at, session,
                sent, received, delivered, given_up, last_delivery, last_failure, failing_since, paused_at, row
            FROM devices JOIN tallies ON tallies.device = devices.row ",
            $rest
        )
    };
}

#[async_trait]
impl Devices for Store {
    async fn create(&self, device: &Device) -> Result<bool, PortError> {
        let device = device.clone();
        Ok(self.writer().write(move |connection| create(connection, &device)).await?)
    }

    async fn get(&self, id: &DeviceId) -> Result<Option<Device>, PortError> {
        Ok(self.look_up(|connection| get(connection, id))?)
    }

    async fn find(&self, session_id: &SessionId) -> Result<Option<Device>, PortError> {
        Ok(self.look_up(|connection| rows::first(connection, select!("WHERE session_id = ?1"), [session_id.as_str()], read))?)
    }

    async fn find_by_key(&self, key: &ApiKey) -> Result<Option<Device>, PortError> {
        Ok(self.look_up(|connection| rows::first(connection, select!("WHERE key_hash = ?1 LIMIT 1"), [hash(key)], read))?)
    }

    async fn list(&self, user: Option<UserId>, filter: &DeviceFilter, page: &PageRequest) -> Result<Page<Device>, PortError> {
        let (filter, page) = (SessionFilter { active: None, status: filter.status }, page.clone());
        Ok(self.query(move |connection| list(connection, &Order::Created, user, filter, &page)).await?)
    }

    async fn update(&self, id: &DeviceId, update: DeviceUpdate, at: Timestamp) -> Result<Option<Device>, PortError> {
        let id = id.clone();
        Ok(self.writer().write(move |connection| change(connection, &id, &update, at)).await?)
    }

    async fn delete(&self, id: &DeviceId) -> Result<Option<Removed>, PortError> {
        loop {
            let (id, gone, queue) = (id.clone(), id.clone(), self.queue().clone());
            let forget = move |deletion: &Deletion| {
                if matches!(deletion, Deletion::Done(_)) {
                    queue.forget(&gone);
                }
            };
            match self.writer().write_then(move |connection| delete_some(connection, &id), forget).await? {
                Deletion::Begun => {}
                Deletion::Done(removed) => return Ok(Some(removed)),
                Deletion::NoDevice => return Ok(None),
            }
        }
    }

    async fn sessions(&self, user: Option<UserId>, filter: &SessionFilter, page: &PageRequest) -> Result<Page<Device>, PortError> {
        let (filter, page) = (filter.clone(), page.clone());
        Ok(self.query(move |connection| list(connection, &Order::Started, user, filter, &page)).await?)
    }

    async fn wanted(&self) -> Result<Vec<DeviceId>, PortError> {
        const SQL: &str = "SELECT id FROM devices WHERE wanted = 1 ORDER BY row";
        Ok(self.query(|connection| rows::all(connection, SQL, [], |row| rows::text(row, 0))).await?)
    }
}

fn create(connection: &Connection, device: &Device) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO devices (id, user_id, session_id, alias, description, api_key, webhook, ai, created_at, updated_at,
            status, wanted, session, key_hash, started_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT DO NOTHING RETURNING row";
    let values = (
        device.id.as_str(),
        integer(device.user_id.get()),
        device.session_id.as_str(),
        &device.alias,
        &device.description,
        device.api_key.expose(),
        device.webhook.as_ref().map(json).transpose()?,
        json(&device.ai)?,
        device.created_at.millis(),
        device.updated_at.millis(),
        device.session.status.as_str(),
        device.session.wanted,
        json(&device.session)?,
        hash(&device.api_key),
        device.session.started_at.map(Timestamp::millis),
    );
    match rows::first(connection, SQL, values, |row| Ok(row.get::<_, i64>(0)?))? {
        Some(row) => Ok(rows::run(connection, "INSERT INTO tallies (device) VALUES (?1)", [row])? > 0),
        // A call that is repeated finds its own device.
        None => {
            const SAME: &str = "SELECT count(*) FROM devices WHERE id = ?1 AND session_id = ?2";
            Ok(rows::number(connection, SAME, (device.id.as_str(), device.session_id.as_str()))? > 0)
        }
    }
}

fn get(connection: &Connection, id: &DeviceId) -> Result<Option<Device>, StoreError> {
    rows::first(connection, select!("WHERE id = ?1"), [id.as_str()], read)
}

/// The times devices are listed by: when they were created, oldest first, or when their sessions were last started, latest first.
enum Order {
    Created,
    Started,
}

/// A page of everybody's devices or a user's, of some status or any, and, of sessions, those that are `active` or not or any.
fn list(
    connection: &Connection,
    order: &Order,
    user: Option<UserId>,
    SessionFilter { active, status }: SessionFilter,
    page: &PageRequest,
) -> Result<Page<Device>, StoreError> {
    let moment = connection.unchecked_transaction()?;
    let window = Window::of(page);
    let (time, wanted, after, sorted, first) = match order {
        Order::Created => ("created_at", "?3 IS NULL", ">", "created_at, row", (i64::MIN, i64::MIN)),
        Order::Started => ("started_at", "(?3 IS NULL OR wanted = ?3)", "<", "started_at DESC, row DESC", (i64::MAX, i64::MAX)),
    };
    let index = match (order, user) {
        (Order::Created, None) => "devices_by_creation",
        (Order::Created, Some(_)) => "devices_by_user_and_creation",
        (Order::Started, None) => "devices_by_start",
        (Order::Started, Some(_)) => "devices_by_user_and_start",
    };
    let whose = if user.is_some() { "user_id = ?1" } else { "?1 IS NULL" };
    let some = format!("FROM devices INDEXED BY {index} WHERE {whose} AND {time} IS NOT NULL AND (?2 IS NULL OR status = ?2) AND {wanted}");
    let (user, status) = (user.map(|user| integer(user.get())), status.map(Status::as_str));
    let total = rows::number(&moment, &format!("SELECT count(*) {some}"), (user, status, active))?;
    // Wide rows and figures are looked up for the page alone.
    let sql = format!(
        "{} WHERE devices.row IN (SELECT row {some} AND ({time}, row) {after} (?4, ?5) ORDER BY {sorted} LIMIT ?6 OFFSET ?7) ORDER BY {sorted}",
        select!("")
    );
    let last = window.after.unwrap_or(first);
    let values = (user, status, active, last.0, last.1, window.rows, window.offset);
    let items = rows::all(&moment, &sql, values, |row| {
        let device = read(row)?;
        let time = match order {
            Order::Created => device.created_at,
            Order::Started => device.session.started_at.unwrap_or(device.created_at),
        };
        Ok((device, (time.millis(), row.get(19)?)))
    })?;
    window.page(items, total)
}

fn change(connection: &Connection, id: &DeviceId, update: &DeviceUpdate, at: Timestamp) -> Result<Option<Device>, StoreError> {
    const SQL: &str = "UPDATE devices SET updated_at = ?2, alias = coalesce(?3, alias),
            description = iif(?4, ?5, description), webhook = iif(?6, ?7, webhook), ai = coalesce(?8, ai),
            api_key = coalesce(?9, api_key), key_hash = coalesce(?10, key_hash)
        WHERE id = ?1";
    let values = (
        id.as_str(),
        at.millis(),
        &update.alias,
        update.description.is_some(),
        update.description.as_ref().and_then(Option::as_ref),
        update.webhook.is_some(),
        update.webhook.as_ref().and_then(Option::as_ref).map(json).transpose()?,
        update.ai.as_ref().map(json).transpose()?,
        update.api_key.as_ref().map(ApiKey::expose),
        update.api_key.as_ref().map(hash),
    );
    rows::run(connection, SQL, values)?;
    get(connection, id)
}

enum Deletion {
    /// There may be more of it.
    Begun,
    Done(Removed),
    NoDevice,
}

/// Deletes a part of what belongs to a device and, once that is little, the rest with the device itself: until then the same call finds it again.
fn delete_some(connection: &Connection, id: &DeviceId) -> Result<Deletion, StoreError> {
    const FIND: &str =
        "SELECT row, user_id, session, messages, contacts FROM devices JOIN tallies ON tallies.device = devices.row WHERE id = ?1";
    let found = rows::first(connection, FIND, [id.as_str()], |row| {
        Ok((Owner { device: row.get(0)?, user: row.get(1)? }, rows::json::<Session>(row, 2)?, rows::count(row, 3)?, rows::count(row, 4)?))
    })?;
    let Some((owner, session, messages, contacts)) = found else { return Ok(Deletion::NoDevice) };
    let device = owner.device;
    const PARTS: [&str; 7] = [
        "DELETE FROM deliveries WHERE (device, seq) IN (SELECT device, seq FROM deliveries WHERE device = ?1 LIMIT ?2)",
        "DELETE FROM failed_deliveries WHERE (device, seq) IN (SELECT device, seq FROM failed_deliveries WHERE device = ?1 LIMIT ?2)",
        "DELETE FROM events WHERE (device, seq) IN (SELECT device, seq FROM events WHERE device = ?1 LIMIT ?2)",
        "DELETE FROM aliases WHERE row IN (SELECT row FROM aliases WHERE device = ?1 LIMIT ?2)",
        "DELETE FROM bulks WHERE row IN (SELECT row FROM bulks WHERE device = ?1 LIMIT ?2)",
        "DELETE FROM chats WHERE (device, jid) IN (SELECT device, jid FROM chats WHERE device = ?1 LIMIT ?2)",
        "DELETE FROM groups WHERE row IN (SELECT row FROM groups WHERE device = ?1 LIMIT ?2)",
    ];
    if messages::remove_some(connection, owner, BATCH)? == BATCH {
        return Ok(Deletion::Begun);
    }
    for part in PARTS {
        if rows::run(connection, part, (device, BATCH as i64))? == BATCH {
            return Ok(Deletion::Begun);
        }
    }
    if !key_value::remove_some(connection, id)? {
        return Ok(Deletion::Begun);
    }
    const CONTACTS: &str = "DELETE FROM contacts WHERE (device, jid) IN (SELECT device, jid FROM contacts WHERE device = ?1 LIMIT ?2)";
    let removed = rows::run(connection, CONTACTS, (device, BATCH as i64))?;
    if removed == BATCH {
        rows::run(connection, "UPDATE tallies SET contacts = contacts + ?2 WHERE device = ?1", (device, BATCH as i64))?;
        return Ok(Deletion::Begun);
    }
    rows::run(connection, "DELETE FROM commands WHERE device_id = ?1", [id.as_str()])?;
    rows::run(connection, "DELETE FROM dead_commands WHERE device_id = ?1", [id.as_str()])?;
    counts::forget(connection, device)?;
    rows::run(connection, "DELETE FROM tallies WHERE device = ?1", [device])?;
    rows::run(connection, "DELETE FROM devices WHERE row = ?1", [device])?;
    Ok(Deletion::Done(Removed { messages, contacts: contacts + removed as u64, sessions: u64::from(session.is_linked()) }))
}

fn read(row: &Row<'_>) -> Result<Device, StoreError> {
    Ok(Device {
        id: rows::text(row, 0)?,
        user_id: UserId::parse(rows::count(row, 1)?).map_err(StoreError::record)?,
        session_id: rows::text(row, 2)?,
        alias: row.get(3)?,
        description: row.get(4)?,
        api_key: ApiKey::new(row.get::<_, String>(5)?),
        webhook: rows::json_or_null(row, 6)?,
        ai: rows::json(row, 7)?,
        created_at: rows::moment(row, 8)?,
        updated_at: rows::moment(row, 9)?,
        session: rows::json(row, 10)?,
        counts: MessageCounts { sent: rows::count(row, 11)?, received: rows::count(row, 12)? },
        deliveries: DeliveryStats {
            successful: rows::count(row, 13)?,
            failed: rows::count(row, 14)?,
            last_delivery: rows::moment_or_null(row, 15)?,
            last_failure: rows::moment_or_null(row, 16)?,
            failing_since: rows::moment_or_null(row, 17)?,
            paused_at: rows::moment_or_null(row, 18)?,
        },
    })
}

/// Gives every device of a schema without it the hash of its key.
pub(crate) fn hash_keys(connection: &Connection) -> rusqlite::Result<()> {
    let mut keys = connection.prepare("SELECT row, api_key FROM devices")?;
    let keys: Vec<(i64, String)> = keys.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut set = connection.prepare("UPDATE devices SET key_hash = ?2 WHERE row = ?1")?;
    keys.into_iter().try_for_each(|(row, key)| set.execute((row, hash(&ApiKey::new(key)))).map(drop))
}

fn hash(key: &ApiKey) -> [u8; 32] {
    Sha256::digest(key.expose()).into()
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    Ok(serde_json::to_string(value)?)
}
