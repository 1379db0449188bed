//! Keys and values, in the order of their keys.

use async_trait::async_trait;
use domain::{
    model::DeviceId,
    ports::{Epoch, KeyValue, Op, PortError},
};
use rusqlite::{Connection, OptionalExtension};

use crate::{Store, error::StoreError, rows};

/// Most keys read where the call is made.
const FEW: usize = 64;

/// Most keys removed in one go.
const BATCH: usize = 500;

#[async_trait]
impl KeyValue for Store {
    async fn get(&self, device: &DeviceId, key: &str) -> Result<Option<Vec<u8>>, PortError> {
        let now = self.now().millis();
        Ok(self.look_up(|connection| get(connection, device, key, now))?)
    }

    async fn get_many(&self, device: &DeviceId, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, PortError> {
        let now = self.now().millis();
        if keys.len() <= FEW {
            return Ok(self.look_up(|connection| keys.iter().map(|key| get(connection, device, key, now)).collect())?);
        }
        let (device, keys) = (device.clone(), keys.to_vec());
        Ok(self.query(move |connection| keys.iter().map(|key| get(connection, &device, key, now)).collect()).await?)
    }

    async fn list(&self, device: &DeviceId, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, PortError> {
        let (device, from, to, now) = (device.to_string(), prefix.to_owned(), after(prefix), self.now().millis());
        let list = move |connection: &Connection| {
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            match to {
                Some(to) => {
                    const SQL: &str = "SELECT key, value FROM key_values WHERE device_id = ?1 AND key >= ?2 AND key < ?3
                        AND (expires_at IS NULL OR expires_at > ?4) ORDER BY key";
                    rows::all(connection, SQL, (device, from, to, now), read)
                }
                None => {
                    const SQL: &str = "SELECT key, value FROM key_values WHERE device_id = ?1 AND key >= ?2
                        AND (expires_at IS NULL OR expires_at > ?3) ORDER BY key";
                    rows::all(connection, SQL, (device, from, now), read)
                }
            }
        };
        Ok(self.query(list).await?)
    }

    async fn write(&self, device: &DeviceId, epoch: Epoch, ops: Vec<Op>) -> Result<(), PortError> {
        if ops.is_empty() {
            return Ok(());
        }
        let (device, fences) = (device.clone(), self.fences());
        let write = move |connection: &Connection| {
            fences.pass(&device, epoch)?;
            ops.iter().try_for_each(|op| apply(connection, &device, op))
        };
        Ok(self.writer().write(write).await?)
    }

    async fn clear(&self, device: &DeviceId, epoch: Epoch) -> Result<(), PortError> {
        loop {
            let (device, fences) = (device.clone(), self.fences());
            let clear = move |connection: &Connection| {
                fences.pass(&device, epoch)?;
                remove_some(connection, &device)
            };
            if self.writer().write(clear).await? {
                return Ok(());
            }
        }
    }
}

/// Removes some of the device's keys; answers whether none are left.
pub(crate) fn remove_some(connection: &Connection, device: &DeviceId) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM key_values WHERE device_id = ?1
        AND key IN (SELECT key FROM key_values WHERE device_id = ?1 ORDER BY key LIMIT ?2)";
    Ok(rows::run(connection, SQL, (device.as_str(), BATCH as i64))? < BATCH)
}

fn get(connection: &Connection, device: &DeviceId, key: &str, now: i64) -> Result<Option<Vec<u8>>, StoreError> {
    const SQL: &str = "SELECT value FROM key_values WHERE device_id = ?1 AND key = ?2 AND (expires_at IS NULL OR expires_at > ?3)";
    Ok(connection.prepare_cached(SQL)?.query_row((device.as_str(), key, now), |row| row.get(0)).optional()?)
}

fn apply(connection: &Connection, device: &DeviceId, op: &Op) -> Result<(), StoreError> {
    match op {
        Op::Put { key, value, expires_at } => {
            const SQL: &str = "INSERT INTO key_values (device_id, key, value, expires_at) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (device_id, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at";
            rows::run(connection, SQL, (device.as_str(), key, value, expires_at.map(|at| at.millis())))?;
        }
        Op::Delete { key } => {
            rows::run(connection, "DELETE FROM key_values WHERE device_id = ?1 AND key = ?2", (device.as_str(), key))?;
        }
    }
    Ok(())
}

/// The first text after all that start with `prefix`; `None` if there is none.
fn after(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            text.push(next);
            return Some(text);
        }
    }
    None
}
