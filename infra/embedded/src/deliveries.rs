//! Deliveries that are not done, by device and sequence number.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    model::{Delivery, DeviceId, Event, EventId, Timestamp, WebhookSettings},
    ports::{Deliveries, PortError},
};
use rusqlite::{Connection, Row};
use serde_json::value::RawValue;

use crate::{Store, error::StoreError, rows};

/// Most deliveries dropped in one go.
const BATCH: usize = 500;

/// The delivery of event `?2` of device `?1`: one of the first that wait, since they are worked off in order.
macro_rules! this {
    ($before:literal) => {
        concat!(
            $before,
            " WHERE (device, seq) = (SELECT device, seq FROM deliveries
                WHERE device = (SELECT row FROM devices WHERE id = ?1) AND event_id = ?2 ORDER BY seq LIMIT 1)"
        )
    };
}

#[async_trait]
impl Deliveries for Store {
    async fn waiting(&self) -> Result<Vec<DeviceId>, PortError> {
        const SQL: &str = "SELECT id FROM devices WHERE EXISTS (SELECT 1 FROM deliveries WHERE device = devices.row)";
        Ok(self.query(|connection| rows::all(connection, SQL, [], |row| rows::text(row, 0))).await?)
    }

    async fn next(&self, device: &DeviceId, limit: u32) -> Result<Vec<Delivery>, PortError> {
        if let Some(deliveries) = self.look_up(|connection| next(connection, device, limit))? {
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
                const SQL: &str = "UPDATE tallies SET delivered = delivered + 1, last_delivery = ?2
                    WHERE device = (SELECT row FROM devices WHERE id = ?1)";
                rows::run(connection, SQL, (device.as_str(), at.millis()))?;
            }
            Ok(())
        };
        Ok(self.writer().write(succeed).await?)
    }

    async fn failed(&self, device: &DeviceId, event: &EventId, at: Timestamp, due_at: Timestamp) -> Result<(), PortError> {
        let (device, event) = (device.clone(), event.clone());
        let fail = move |connection: &Connection| {
            const RETRY: &str = this!("UPDATE deliveries SET attempts = attempts + 1, due_at = ?3");
            if rows::run(connection, RETRY, (device.as_str(), event.as_str(), due_at.millis()))? > 0 {
                const SQL: &str = "UPDATE tallies SET last_failure = ?2 WHERE device = (SELECT row FROM devices WHERE id = ?1)";
                rows::run(connection, SQL, (device.as_str(), at.millis()))?;
            }
            Ok(())
        };
        Ok(self.writer().write(fail).await?)
    }

    async fn give_up(&self, device: &DeviceId, event: &EventId, at: Timestamp, reason: &str) -> Result<(), PortError> {
        let (device, event, reason) = (device.clone(), event.clone(), reason.to_owned());
        let give_up = move |connection: &Connection| {
            const KEEP: &str = this!(
                "INSERT INTO failed_deliveries (device, seq, attempts, failed_at, reason)
                SELECT device, seq, attempts + 1, ?3, ?4 FROM deliveries"
            );
            if rows::run(connection, KEEP, (device.as_str(), event.as_str(), at.millis(), reason))? > 0 {
                rows::run(connection, this!("DELETE FROM deliveries"), (device.as_str(), event.as_str()))?;
                const SQL: &str = "UPDATE tallies SET given_up = given_up + 1, last_failure = ?2
                    WHERE device = (SELECT row FROM devices WHERE id = ?1)";
                rows::run(connection, SQL, (device.as_str(), at.millis()))?;
            }
            Ok(())
        };
        Ok(self.writer().write(give_up).await?)
    }
}

/// The next deliveries; `None` if there are some that nobody wants any more.
fn next(connection: &Connection, device_id: &DeviceId, limit: u32) -> Result<Option<Vec<Delivery>>, StoreError> {
    let find = "SELECT row, webhook FROM devices WHERE id = ?1";
    let found: Option<(i64, Option<WebhookSettings>)> =
        rows::first(connection, find, [device_id.as_str()], |row| Ok((row.get(0)?, rows::json_or_null(row, 1)?)))?;
    let Some((device, webhook)) = found else { return Ok(Some(Vec::new())) };
    let Some(webhook) = webhook else {
        let left = rows::number(connection, "SELECT EXISTS (SELECT 1 FROM deliveries WHERE device = ?1)", [device])?;
        return Ok((left == 0).then(Vec::new));
    };
    const SQL: &str = "SELECT events.id, events.seq, kind, at, data, attempts, due_at
        FROM deliveries JOIN events ON events.device = deliveries.device AND events.seq = deliveries.seq
        WHERE deliveries.device = ?1 ORDER BY deliveries.seq LIMIT ?2";
    let read = |row: &Row<'_>| {
        let event = event(row, device_id)?;
        Ok(Delivery { event, webhook: webhook.clone(), attempts: row.get(5)?, due_at: rows::moment(row, 6)? })
    };
    Ok(Some(rows::all(connection, SQL, (device, limit), read)?))
}

fn event(row: &Row<'_>, device_id: &DeviceId) -> Result<Event, StoreError> {
    Ok(Event {
        id: rows::text(row, 0)?,
        seq: rows::count(row, 1)?,
        device_id: device_id.clone(),
        kind: rows::word(row, 2)?,
        at: rows::moment(row, 3)?,
        data: Arc::from(RawValue::from_string(row.get(4)?)?),
    })
}

/// Drops some deliveries of a device that still has no webhook; answers whether there may be more.
fn drop_some(connection: &Connection, device: &DeviceId) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM deliveries WHERE (device, seq) IN (
        SELECT device, seq FROM deliveries WHERE device = (SELECT row FROM devices WHERE id = ?1 AND webhook IS NULL) LIMIT ?2)";
    Ok(rows::run(connection, SQL, (device.as_str(), BATCH as i64))? == BATCH)
}
