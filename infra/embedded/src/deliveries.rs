//! Deliveries that are not done, by device and sequence number.

use async_trait::async_trait;
use domain::{
    model::{Delivery, DeliveryRecord, DeliveryStatus, DeviceId, EventId, Jid, Page, PageRequest, Replay, Timestamp, WebhookSettings},
    ports::{Deliveries, PortError},
};
use rusqlite::{Connection, Row};

use crate::{Store, error::StoreError, events, rows, window::Window};

/// Most deliveries changed in one go.
const BATCH: usize = 500;

/// The delivery of event `?2` of device `?1`.
macro_rules! this {
    ($before:literal) => {
        concat!(
            $before,
            " WHERE (device, seq) = (SELECT device, seq FROM events INDEXED BY events_by_id
                WHERE events.id = ?2 AND device = (SELECT row FROM devices WHERE devices.id = ?1))"
        )
    };
}

/// The figures of device `?1`.
macro_rules! tally {
    ($set:literal) => {
        concat!("UPDATE tallies SET ", $set, " WHERE device = (SELECT row FROM devices WHERE id = ?1)")
    };
}

#[async_trait]
impl Deliveries for Store {
    async fn waiting(&self) -> Result<Vec<DeviceId>, PortError> {
        const SQL: &str = "SELECT id FROM devices WHERE EXISTS (SELECT 1 FROM deliveries WHERE device = devices.row)";
        Ok(self.query(|connection| rows::all(connection, SQL, [], |row| rows::text(row, 0))).await?)
    }

    async fn next(&self, device: &DeviceId, held: &[Option<Jid>], limit: u32) -> Result<Vec<Delivery>, PortError> {
        // There may be many of those that are held.
        let found = if held.is_empty() {
            self.look_up(|connection| next(connection, device, held, limit))?
        } else {
            let (device, held) = (device.clone(), held.to_vec());
            self.query(move |connection| next(connection, &device, &held, limit)).await?
        };
        if let Some(deliveries) = found {
            return Ok(deliveries);
        }
        let mut left = true;
        while left {
            let device = device.clone();
            left = self.writer().write(move |connection| drop_some(connection, &device)).await?;
        }
        Ok(Vec::new())
    }

    async fn succeeded(&self, device: &DeviceId, event: &EventId, at: Timestamp) -> Result<(), PortError> {
        let (device, event) = (device.clone(), event.clone());
        let succeed = move |connection: &Connection| {
            if rows::run(connection, this!("DELETE FROM deliveries"), (device.as_str(), event.as_str()))? > 0 {
                const COUNT: &str = tally!("delivered = delivered + 1, last_delivery = ?2, failing_since = NULL");
                rows::run(connection, COUNT, (device.as_str(), at.millis()))?;
            }
            Ok(())
        };
        Ok(self.writer().write(succeed).await?)
    }

    async fn failed(
        &self,
        device: &DeviceId,
        event: &EventId,
        at: Timestamp,
        due_at: Timestamp,
        reason: &str,
    ) -> Result<Timestamp, PortError> {
        let (device, event, reason) = (device.clone(), event.clone(), reason.to_owned());
        let fail = move |connection: &Connection| {
            const RETRY: &str = this!("UPDATE deliveries SET attempts = attempts + 1, due_at = ?3, reason = ?4");
            if rows::run(connection, RETRY, (device.as_str(), event.as_str(), due_at.millis(), reason))? > 0 {
                const COUNT: &str =
                    tally!("last_failure = ?2, failing_since = iif(last_failure > ?2 - 3600000, coalesce(failing_since, ?2), ?2)");
                rows::run(connection, COUNT, (device.as_str(), at.millis()))?;
            }
            failing_since(connection, &device, at)
        };
        Ok(self.writer().write(fail).await?)
    }

    async fn give_up(&self, device: &DeviceId, event: &EventId, at: Timestamp, reason: &str) -> Result<Timestamp, PortError> {
        let (device, event, reason) = (device.clone(), event.clone(), reason.to_owned());
        let give_up = move |connection: &Connection| {
            const KEEP: &str = this!(
                "INSERT INTO failed_deliveries (device, seq, attempts, failed_at, reason)
                SELECT device, seq, attempts + 1, ?3, ?4 FROM deliveries"
            );
            if rows::run(connection, KEEP, (device.as_str(), event.as_str(), at.millis(), reason))? > 0 {
                rows::run(connection, this!("DELETE FROM deliveries"), (device.as_str(), event.as_str()))?;
                const COUNT: &str = tally!(
                    "given_up = given_up + 1, last_failure = ?2, failing_since = iif(last_failure > ?2 - 3600000, coalesce(failing_since, ?2), ?2)"
                );
                rows::run(connection, COUNT, (device.as_str(), at.millis()))?;
            }
            failing_since(connection, &device, at)
        };
        Ok(self.writer().write(give_up).await?)
    }

    async fn pause(&self, device: &DeviceId, at: Timestamp) -> Result<(), PortError> {
        const SQL: &str = concat!(tally!("paused_at = coalesce(paused_at, ?2)"), " AND failing_since IS NOT NULL");
        let device = device.clone();
        Ok(self.writer().write(move |connection| rows::run(connection, SQL, (device.as_str(), at.millis())).map(drop)).await?)
    }

    async fn resume(&self, device: &DeviceId, at: Timestamp) -> Result<(), PortError> {
        let device = device.clone();
        let resume = move |connection: &Connection| {
            // Only what was tried waits for a time that is to come: the first of each chat.
            const DUE: &str = "UPDATE deliveries SET due_at = ?2
                WHERE device = (SELECT row FROM devices WHERE id = ?1) AND attempts > 0 AND due_at > ?2";
            rows::run(connection, DUE, (device.as_str(), at.millis()))?;
            rows::run(connection, tally!("failing_since = NULL, paused_at = NULL"), [device.as_str()]).map(drop)
        };
        Ok(self.writer().write(resume).await?)
    }

    async fn list(&self, device: &DeviceId, status: Option<DeliveryStatus>, page: &PageRequest) -> Result<Page<DeliveryRecord>, PortError> {
        let (device, page) = (device.clone(), page.clone());
        Ok(self.query(move |connection| list(connection, &device, status, &page)).await?)
    }

    async fn replay(&self, device: &DeviceId, which: &Replay, at: Timestamp) -> Result<u64, PortError> {
        let device = device.clone();
        match which {
            Replay::Events(ids) => {
                let ids = ids.clone();
                let replay = move |connection: &Connection| {
                    const FIND: &str = "SELECT device, seq FROM events INDEXED BY events_by_id
                        WHERE id = ?2 AND device = (SELECT row FROM devices WHERE devices.id = ?1)";
                    let mut places = Vec::with_capacity(ids.len());
                    for id in ids {
                        let found = rows::first(connection, FIND, (device.as_str(), id.as_str()), |row| Ok((row.get(0)?, row.get(1)?)))?;
                        places.extend(found);
                    }
                    places.sort_unstable();
                    places.dedup();
                    put_back(connection, &places, at)
                };
                Ok(self.writer().write(replay).await?)
            }
            Replay::Failed { since, until } => {
                let (since, until) = (since.millis(), until.millis());
                let (mut replayed, mut last) = (0, i64::MIN);
                loop {
                    let device = device.clone();
                    let replay = move |connection: &Connection| {
                        const FIND: &str = "SELECT device, seq FROM failed_deliveries JOIN events USING (device, seq)
                            WHERE device = (SELECT row FROM devices WHERE devices.id = ?1) AND seq > ?2 AND at >= ?3 AND at < ?4
                            ORDER BY seq LIMIT ?5";
                        let values = (device.as_str(), last, since, until, BATCH as i64);
                        let places = rows::all(connection, FIND, values, |row| Ok((row.get(0)?, row.get(1)?)))?;
                        put_back(connection, &places, at)?;
                        Ok(places)
                    };
                    let places = self.writer().write(replay).await?;
                    replayed += places.len() as u64;
                    match places.last() {
                        Some((_, seq)) if places.len() == BATCH => last = *seq,
                        _ => return Ok(replayed),
                    }
                }
            }
        }
    }
}

/// Gives up a delivery that has waited for too long; answers how many it was.
pub(crate) fn expire(connection: &Connection, place: (i64, i64), at: Timestamp) -> Result<usize, StoreError> {
    const KEEP: &str = "INSERT INTO failed_deliveries (device, seq, attempts, failed_at, reason)
        SELECT device, seq, attempts, ?3, 'expired' FROM deliveries WHERE device = ?1 AND seq = ?2";
    let given_up = rows::run(connection, KEEP, (place.0, place.1, at.millis()))?;
    if given_up > 0 {
        rows::run(connection, "DELETE FROM deliveries WHERE device = ?1 AND seq = ?2", place)?;
        rows::run(connection, "UPDATE tallies SET given_up = given_up + 1 WHERE device = ?1", [place.0])?;
    }
    Ok(given_up)
}

/// Since when the webhook of a device has failed, which it does at `at`.
fn failing_since(connection: &Connection, device: &DeviceId, at: Timestamp) -> Result<Timestamp, StoreError> {
    const SQL: &str = "SELECT failing_since FROM tallies WHERE device = (SELECT row FROM devices WHERE id = ?1)";
    let since = rows::first(connection, SQL, [device.as_str()], |row| rows::moment_or_null(row, 0))?;
    Ok(since.flatten().unwrap_or(at))
}

/// A chat as it is stored.
pub(crate) fn chat(chat: Option<&Jid>) -> String {
    chat.map(Jid::to_string).unwrap_or_default()
}

/// The next deliveries; `None` if there are some that nobody wants any more.
fn next(connection: &Connection, device_id: &DeviceId, held: &[Option<Jid>], limit: u32) -> Result<Option<Vec<Delivery>>, StoreError> {
    let find = "SELECT row, webhook, paused_at IS NOT NULL FROM devices JOIN tallies ON tallies.device = devices.row WHERE id = ?1";
    let found: Option<(i64, Option<WebhookSettings>, bool)> =
        rows::first(connection, find, [device_id.as_str()], |row| Ok((row.get(0)?, rows::json_or_null(row, 1)?, row.get(2)?)))?;
    let Some((device, webhook, paused)) = found else { return Ok(Some(Vec::new())) };
    let Some(webhook) = webhook else {
        let left = rows::number(connection, "SELECT EXISTS (SELECT 1 FROM deliveries WHERE device = ?1)", [device])?;
        return Ok((left == 0).then(Vec::new));
    };
    if paused {
        return Ok(Some(Vec::new()));
    }
    const SQL: &str = "SELECT events.id, events.seq, kind, at, data, trace, ?1, deliveries.chat, attempts, due_at
        FROM deliveries JOIN events ON events.device = deliveries.device AND events.seq = deliveries.seq
        WHERE deliveries.device = ?2 AND deliveries.chat NOT IN (SELECT value FROM json_each(?3)) ORDER BY deliveries.seq LIMIT ?4";
    let held: Vec<String> = held.iter().map(|held| chat(held.as_ref())).collect();
    let read = |row: &Row<'_>| {
        let (event, chat, due_at) = (events::read(row)?, chat_of(row, 7)?, rows::moment(row, 9)?);
        Ok(Delivery { event, chat, webhook: webhook.clone(), attempts: row.get(8)?, due_at })
    };
    Ok(Some(rows::all(connection, SQL, (device_id.as_str(), device, serde_json::to_string(&held)?, limit), read)?))
}

fn list(
    connection: &Connection,
    device: &DeviceId,
    status: Option<DeliveryStatus>,
    page: &PageRequest,
) -> Result<Page<DeliveryRecord>, StoreError> {
    let moment = connection.unchecked_transaction()?;
    let window = Window::of(page);
    const ROW: &str = "(SELECT row FROM devices WHERE devices.id = ?1)";
    let waiting = format!("SELECT device, seq, 0 AS given_up, attempts, due_at AS moment, reason FROM deliveries WHERE device = {ROW}");
    let given_up =
        format!("SELECT device, seq, 1 AS given_up, attempts, failed_at AS moment, reason FROM failed_deliveries WHERE device = {ROW}");
    let wanted = match status {
        Some(DeliveryStatus::Pending) => waiting,
        Some(DeliveryStatus::Failed) => given_up,
        None => format!("{waiting} UNION ALL {given_up}"),
    };
    let total = rows::number(&moment, &format!("SELECT count(*) FROM ({wanted})"), [device.as_str()])?;
    let sql = format!(
        "SELECT events.id, kind, seq, chat, at, given_up, attempts, moment, reason
        FROM (SELECT * FROM ({wanted}) WHERE seq < ?2 ORDER BY seq DESC LIMIT ?3 OFFSET ?4) JOIN events USING (device, seq)
        ORDER BY seq DESC"
    );
    let items = rows::all(&moment, &sql, (device.as_str(), window.after.unwrap_or(i64::MAX), window.rows, window.offset), |row| {
        let record = DeliveryRecord {
            event: rows::text(row, 0)?,
            kind: rows::word(row, 1)?,
            seq: rows::count(row, 2)?,
            chat: chat_of(row, 3)?,
            at: rows::moment(row, 4)?,
            status: if row.get(5)? { DeliveryStatus::Failed } else { DeliveryStatus::Pending },
            attempts: row.get(6)?,
            next_or_failed_at: rows::moment(row, 7)?,
            reason: row.get(8)?,
        };
        Ok((record, row.get(2)?))
    })?;
    window.page(items, total)
}

/// Has the deliveries of these places wait as if never tried; answers how many.
fn put_back(connection: &Connection, places: &[(i64, i64)], at: Timestamp) -> Result<u64, StoreError> {
    for place in places {
        rows::run(connection, "DELETE FROM failed_deliveries WHERE device = ?1 AND seq = ?2", *place)?;
        const WAIT: &str = "INSERT OR REPLACE INTO deliveries (device, seq, chat, due_at)
            SELECT device, seq, chat, ?3 FROM events WHERE device = ?1 AND seq = ?2";
        rows::run(connection, WAIT, (place.0, place.1, at.millis()))?;
    }
    Ok(places.len() as u64)
}

fn chat_of(row: &Row<'_>, column: usize) -> Result<Option<Jid>, StoreError> {
    let name: String = row.get(column)?;
    if name.is_empty() { Ok(None) } else { Jid::try_from(name).map(Some).map_err(StoreError::record) }
}

/// Drops some deliveries of a device that still has no webhook; answers whether there may be more.
fn drop_some(connection: &Connection, device: &DeviceId) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM deliveries WHERE (device, seq) IN (
        SELECT device, seq FROM deliveries WHERE device = (SELECT row FROM devices WHERE id = ?1 AND webhook IS NULL) LIMIT ?2)";
    Ok(rows::run(connection, SQL, (device.as_str(), BATCH as i64))? == BATCH)
}
