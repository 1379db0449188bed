//! Throwing away what nobody needs any more, in bites that hold up nobody.

use std::time::Duration;

use domain::{model::Timestamp, ports::PortError};
use rusqlite::Connection;

use crate::{Store, deliveries, error::StoreError, rows};

/// How long events are kept for sockets that come back, once their delivery is done.
const EVENTS_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long a delivery waits, due and not tried: its webhook is paused, or what comes before it is in its way.
const DELIVERIES_WAIT: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long failed deliveries, with their events, are kept for people to look at.
const FAILURES_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// Most rows removed in one go.
const BATCH: usize = 500;

impl Store {
    /// Removes expired keys, old failed deliveries, and old events that are not to be delivered any more, and gives up deliveries that wait for too long.
    /// Answers how many rows there were.
    pub async fn prune(&self, now: Timestamp) -> Result<usize, PortError> {
        const EXPIRED: &str = "DELETE FROM key_values WHERE (device_id, key) IN (
            SELECT device_id, key FROM key_values WHERE expires_at <= ?1 LIMIT ?2)";
        const FAILED: &str = "DELETE FROM failed_deliveries WHERE (device, seq) IN (
            SELECT device, seq FROM failed_deliveries WHERE failed_at < ?1 LIMIT ?2)";
        let expired = self.remove_all(EXPIRED, now).await?;
        let failed = self.remove_all(FAILED, now - FAILURES_KEPT).await?;
        let given_up = self.give_up_old(now).await?;
        let events = self.prune_events(now - EVENTS_KEPT).await?;
        Ok(expired + failed + given_up + events)
    }

    async fn remove_all(&self, sql: &'static str, before: Timestamp) -> Result<usize, StoreError> {
        let mut removed = 0;
        loop {
            let some = self.writer().write(move |connection| rows::run(connection, sql, (before.millis(), BATCH as i64))).await?;
            removed += some;
            if some < BATCH {
                return Ok(removed);
            }
        }
    }

    /// The deliveries to give up are looked for beside the writer too.
    async fn give_up_old(&self, now: Timestamp) -> Result<usize, StoreError> {
        let (mut given_up, mut last) = (0, (i64::MIN, i64::MIN));
        loop {
            let old = self.query(move |connection| old_deliveries(connection, last, now - DELIVERIES_WAIT)).await?;
            let Some(end) = old.last() else { return Ok(given_up) };
            last = *end;
            let give_up = move |connection: &Connection| {
                old.iter().try_fold(0, |given_up, place| Ok(given_up + deliveries::expire(connection, *place, now)?))
            };
            given_up += self.writer().write(give_up).await?;
        }
    }

    /// The events to remove are looked for beside the writer, which would otherwise step over the failed ones again in every bite.
    async fn prune_events(&self, before: Timestamp) -> Result<usize, StoreError> {
        let mut removed = 0;
        let mut last = OldEvent { at: i64::MIN, device: i64::MIN, seq: i64::MIN };
        loop {
            let old = self.query(move |connection| old_events(connection, last, before)).await?;
            let Some(end) = old.last() else { return Ok(removed) };
            last = *end;
            let remove = move |connection: &Connection| {
                const SQL: &str = "DELETE FROM events WHERE device = ?1 AND seq = ?2";
                old.iter().try_fold(0, |removed, event| Ok(removed + rows::run(connection, SQL, (event.device, event.seq))?))
            };
            removed += self.writer().write(remove).await?;
        }
    }
}

/// The next deliveries that were due long ago.
fn old_deliveries(connection: &Connection, after: (i64, i64), before: Timestamp) -> Result<Vec<(i64, i64)>, StoreError> {
    const SQL: &str = "SELECT device, seq FROM deliveries WHERE (device, seq) > (?1, ?2) AND due_at < ?3 ORDER BY device, seq LIMIT ?4";
    rows::all(connection, SQL, (after.0, after.1, before.millis(), BATCH as i64), |row| Ok((row.get(0)?, row.get(1)?)))
}

#[derive(Clone, Copy)]
struct OldEvent {
    at: i64,
    device: i64,
    seq: i64,
}

/// The next old events with no delivery, done or failed ones apart.
fn old_events(connection: &Connection, after: OldEvent, before: Timestamp) -> Result<Vec<OldEvent>, StoreError> {
    const SQL: &str = "SELECT at, device, seq FROM events
        WHERE at < ?4 AND (at, device, seq) > (?1, ?2, ?3)
          AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.device = events.device AND deliveries.seq = events.seq)
          AND NOT EXISTS (SELECT 1 FROM failed_deliveries WHERE failed_deliveries.device = events.device AND failed_deliveries.seq = events.seq)
        ORDER BY at, device, seq LIMIT ?5";
    rows::all(connection, SQL, (after.at, after.device, after.seq, before.millis(), BATCH as i64), |row| {
        Ok(OldEvent { at: row.get(0)?, device: row.get(1)?, seq: row.get(2)? })
    })
}
