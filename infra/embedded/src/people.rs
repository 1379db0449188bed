//! The people, conversations and groups of devices.

pub(crate) mod chats;
pub(crate) mod contacts;
pub(crate) mod groups;

use async_trait::async_trait;
use domain::{
    model::{Chat, ChatFilter, Contact, ContactFilter, DeviceId, Group, GroupFilter, Jid, Page, PageRequest},
    ports::{People, PortError},
};
use rusqlite::Connection;

use crate::{Store, aliases, error::StoreError, rows};

#[async_trait]
impl People for Store {
    async fn contact(&self, device: &DeviceId, contact: &Jid) -> Result<Option<Contact>, PortError> {
        let find = |connection: &Connection| {
            let Some(device) = row(connection, device)? else { return Ok(None) };
            contacts::get(connection, device, &aliases::chat(connection, device, contact)?)
        };
        Ok(self.look_up(find)?)
    }

    async fn contacts(&self, device: &DeviceId, filter: &ContactFilter, page: &PageRequest) -> Result<Page<Contact>, PortError> {
        let (device, filter, page) = (device.clone(), filter.clone(), page.clone());
        Ok(self.query(move |connection| list(connection, &device, |device| contacts::list(connection, device, &filter, &page))).await?)
    }

    async fn chat(&self, device: &DeviceId, chat: &Jid) -> Result<Option<Chat>, PortError> {
        let find = |connection: &Connection| {
            let moment = connection.unchecked_transaction()?;
            let Some(device) = row(&moment, device)? else { return Ok(None) };
            chats::get(&moment, device, &aliases::chat(&moment, device, chat)?)
        };
        Ok(self.look_up(find)?)
    }

    async fn chats(&self, device: &DeviceId, filter: &ChatFilter, page: &PageRequest) -> Result<Page<Chat>, PortError> {
        let (device, filter, page) = (device.clone(), filter.clone(), page.clone());
        Ok(self.query(move |connection| list(connection, &device, |device| chats::list(connection, device, &filter, &page))).await?)
    }

    async fn group(&self, device: &DeviceId, group: &Jid) -> Result<Option<Group>, PortError> {
        let find = |connection: &Connection| {
            let Some(device) = row(connection, device)? else { return Ok(None) };
            groups::get(connection, device, group)
        };
        Ok(self.look_up(find)?)
    }

    async fn groups(&self, device: &DeviceId, filter: &GroupFilter, page: &PageRequest) -> Result<Page<Group>, PortError> {
        let (device, filter, page) = (device.clone(), filter.clone(), page.clone());
        Ok(self.query(move |connection| list(connection, &device, |device| groups::list(connection, device, &filter, &page))).await?)
    }
}

fn row(connection: &Connection, device: &DeviceId) -> Result<Option<i64>, StoreError> {
    rows::first(connection, "SELECT row FROM devices WHERE id = ?1", [device.as_str()], |row| Ok(row.get(0)?))
}

/// A page of what a device has, all of it as of one moment.
fn list<T>(
    connection: &Connection,
    device: &DeviceId,
    list: impl FnOnce(i64) -> Result<Page<T>, StoreError>,
) -> Result<Page<T>, StoreError> {
    let _moment = connection.unchecked_transaction()?;
    row(connection, device)?.map_or_else(|| Ok(Page { items: Vec::new(), total: 0, next: None }), list)
}
