//! The two names of one person, and their one chat.

use async_trait::async_trait;
use domain::{
    model::{DeviceId, Jid, Message, Server},
    ports::{Aliases, PortError},
};
use rusqlite::Connection;

use crate::{
    Store,
    counts::{Counts, Owner},
    error::StoreError,
    messages::{self, Stored},
    rows,
};

#[async_trait]
impl Aliases for Store {
    async fn phone(&self, device: &DeviceId, lid: &Jid) -> Result<Option<Jid>, PortError> {
        const SQL: &str = "SELECT phone FROM aliases WHERE device = (SELECT row FROM devices WHERE id = ?1) AND lid = ?2";
        Ok(self.look_up(|connection| rows::first(connection, SQL, (device.as_str(), lid.to_string()), |row| rows::text(row, 0)))?)
    }

    async fn lid(&self, device: &DeviceId, phone: &Jid) -> Result<Option<Jid>, PortError> {
        const SQL: &str =
            "SELECT lid FROM aliases WHERE device = (SELECT row FROM devices WHERE id = ?1) AND phone = ?2 ORDER BY row DESC LIMIT 1";
        Ok(self.look_up(|connection| rows::first(connection, SQL, (device.as_str(), phone.to_string()), |row| rows::text(row, 0)))?)
    }
}

/// The number behind a device's hidden id.
pub(crate) fn phone(connection: &Connection, device: i64, lid: &Jid) -> Result<Option<Jid>, StoreError> {
    const SQL: &str = "SELECT phone FROM aliases WHERE device = ?1 AND lid = ?2";
    rows::first(connection, SQL, (device, lid.to_string()), |row| rows::text(row, 0))
}

/// The name a chat is kept under.
pub(crate) fn chat(connection: &Connection, device: i64, chat: &Jid) -> Result<Jid, StoreError> {
    let phone = if chat.server() == Server::Lid { phone(connection, device, chat)? } else { None };
    Ok(phone.unwrap_or_else(|| chat.clone()))
}

/// Keeps a pair of names; answers whether it is new.
pub(crate) fn learn(connection: &Connection, device: i64, number: &Jid, lid: &Jid) -> Result<bool, StoreError> {
    if phone(connection, device, lid)?.as_ref() == Some(number) {
        return Ok(false);
    }
    const SQL: &str = "INSERT OR REPLACE INTO aliases (device, lid, phone) VALUES (?1, ?2, ?3)";
    rows::run(connection, SQL, (device, lid.to_string(), number.to_string()))?;
    Ok(true)
}

/// Moves the messages of a hidden id's chat to its number's. One that is there already, told under either name, is kept once. Answers how many were dropped.
pub(crate) fn merge(connection: &Connection, owner: Owner, phone: &Jid, lid: &Jid, counts: &mut Counts) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT row, timestamp, sort, status, fresh FROM messages WHERE device = ?1 AND chat = ?2";
    let mut dropped = 0;
    for stored in rows::all(connection, SQL, (owner.device, lid.to_string()), Stored::read)? {
        let mut message = messages::load(connection, stored.row)?;
        rename(&mut message, lid, phone);
        const MOVE: &str = "UPDATE OR IGNORE messages SET chat = ?2, origin = ?3, body = ?4 WHERE row = ?1";
        let values = (stored.row, phone.to_string(), messages::origin(&message.key()), serde_json::to_string(&message)?);
        if rows::run(connection, MOVE, values)? == 0 {
            rows::run(connection, "DELETE FROM messages WHERE row = ?1", [stored.row])?;
            if !stored.fresh {
                counts.remove(owner, stored.timestamp, stored.class);
            }
            dropped += 1;
        }
    }
    Ok(dropped)
}

/// Has a message name a person by their number.
pub(crate) fn rename(message: &mut Message, lid: &Jid, phone: &Jid) {
    for name in [Some(&mut message.chat), message.from.as_mut(), message.to.as_mut()].into_iter().flatten() {
        if name == lid {
            name.clone_from(phone);
        }
    }
    message.lid = Some(lid.clone());
}
