//! Commands: a table that survives, and a [`Queue`](crate::queue::Queue) in memory that knows whose turn it is.

use std::time::Duration;

use async_trait::async_trait;
use domain::{
    model::Envelope,
    ports::{CommandSink, CommandSource, PortError, Received},
};
use rusqlite::Connection;
use tokio::time::timeout;

use crate::{
    Store,
    error::StoreError,
    queue::{Handed, Place},
    rows,
};

/// The clock on the wall may be set while somebody waits by another: look again at least this often.
const LONGEST_NAP: Duration = Duration::from_secs(60);

#[async_trait]
impl CommandSink for Store {
    async fn enqueue(&self, envelope: &Envelope) -> Result<(), PortError> {
        let (id, device, group, due_at) = (envelope.id.to_string(), envelope.device_id.clone(), envelope.group(), envelope.due_at.millis());
        let envelope = serde_json::to_string(envelope).map_err(StoreError::from)?;
        let (queue, added, clock) = (self.queue().clone(), self.queue().clone(), self.clock().clone());
        let (owner, within) = (device.clone(), group.clone());
        let insert = move |connection: &Connection| {
            // What is due already gets its place by its turn here, so that the order of calls holds whatever the clock does.
            let due_at = due_at.max(queue.now(clock.now()));
            const SQL: &str = "INSERT INTO commands (id, device_id, group_id, due_at, not_before, envelope) VALUES (?1, ?2, ?3, ?4, ?4, ?5)
                ON CONFLICT (id) DO NOTHING RETURNING row";
            rows::first(connection, SQL, (id, owner.as_str(), within, due_at, envelope), |row| Ok(Place { due_at, row: row.get(0)? }))
        };
        let add = move |place: &Option<Place>| {
            if let Some(place) = *place {
                added.add(device, group, place, place.due_at);
            }
        };
        self.writer().write_then(insert, add).await?;
        Ok(())
    }
}

#[async_trait]
impl CommandSource for Store {
    async fn receive(&self, max: usize) -> Result<Vec<Received>, PortError> {
        if max == 0 {
            return Ok(Vec::new());
        }
        loop {
            match self.queue().take(max, self.now()) {
                Ok(taken) => {
                    let received = self.read(&taken).inspect_err(|_| self.queue().give_back(&taken, i64::MIN))?;
                    if !received.is_empty() {
                        return Ok(received);
                    }
                }
                Err(None) => self.queue().changed().await,
                // Both ends of the wait lead to another look.
                Err(Some(nap)) => drop(timeout(nap.min(LONGEST_NAP), self.queue().changed()).await),
            }
        }
    }

    async fn acknowledge(&self, receipts: &[String]) -> Result<(), PortError> {
        let handed: Vec<Handed> = receipts.iter().filter_map(|receipt| self.queue().find(receipt)).collect();
        if handed.is_empty() {
            return Ok(());
        }
        let (queue, done) = (self.queue().clone(), handed.clone());
        let delete = move |connection: &Connection| {
            handed.iter().try_for_each(|handed| rows::run(connection, "DELETE FROM commands WHERE row = ?1", [handed.row]).map(drop))
        };
        self.writer().write_then(delete, move |()| queue.done(&done)).await?;
        Ok(())
    }

    async fn retry(&self, receipt: &str, delay: Duration) -> Result<(), PortError> {
        let Some(handed) = self.queue().find(receipt) else { return Ok(()) };
        let not_before = (domain::model::Timestamp::from_millis(self.queue().now(self.now())) + delay).millis();
        let queue = self.queue().clone();
        let update = move |connection: &Connection| {
            rows::run(connection, "UPDATE commands SET attempts = attempts + 1, not_before = ?2 WHERE row = ?1", (handed.row, not_before))
        };
        self.writer().write_then(update, move |_| queue.give_back(&[handed], not_before)).await?;
        Ok(())
    }

    async fn bury(&self, receipt: &str, reason: &str) -> Result<(), PortError> {
        let Some(handed) = self.queue().find(receipt) else { return Ok(()) };
        let (queue, at, reason) = (self.queue().clone(), self.now().millis(), reason.to_owned());
        let bury = move |connection: &Connection| {
            const SQL: &str = "INSERT INTO dead_commands (row, id, device_id, attempts, envelope, buried_at, reason)
                SELECT row, id, device_id, attempts + 1, envelope, ?2, ?3 FROM commands WHERE row = ?1";
            rows::run(connection, SQL, (handed.row, at, reason))?;
            rows::run(connection, "DELETE FROM commands WHERE row = ?1", [handed.row])
        };
        self.writer().write_then(bury, move |_| queue.done(&[handed])).await?;
        Ok(())
    }
}

impl Store {
    fn read(&self, taken: &[Handed]) -> Result<Vec<Received>, StoreError> {
        self.look_up(|connection| {
            let mut received = Vec::with_capacity(taken.len());
            for handed in taken {
                const SQL: &str = "SELECT envelope, attempts FROM commands WHERE row = ?1";
                let command = rows::first(connection, SQL, [handed.row], |row| Ok((rows::json(row, 0)?, row.get::<_, u32>(1)?)))?;
                match command {
                    Some((envelope, attempts)) => {
                        received.push(Received { envelope, attempts: attempts.saturating_add(1), receipt: self.queue().receipt(*handed) });
                    }
                    // Its device was deleted a moment ago.
                    None => self.queue().done(&[*handed]),
                }
            }
            Ok(received)
        })
    }
}
