//! The people, conversations and groups of devices. They change by the `Journal` alone, whose unit of work these modules change.
//!
//! Lists read all the items there are of the kind, of which an account has as many as a phone bears, and are put in order here.

pub(crate) mod chats;
pub(crate) mod contacts;
pub(crate) mod groups;

use async_trait::async_trait;
use domain::{
    model::{Chat, ChatFilter, Contact, ContactFilter, DeviceId, Group, GroupFilter, Jid, Page, PageRequest},
    ports::{Aliases, People, PortError},
};

use crate::Records;

#[async_trait]
impl People for Records {
    async fn contact(&self, device: &DeviceId, contact: &Jid) -> Result<Option<Contact>, PortError> {
        contacts::get(self, device, &self.called(device, contact).await?).await
    }

    async fn contacts(&self, device: &DeviceId, filter: &ContactFilter, page: &PageRequest) -> Result<Page<Contact>, PortError> {
        contacts::list(self, device, filter, page).await
    }

    async fn chat(&self, device: &DeviceId, chat: &Jid) -> Result<Option<Chat>, PortError> {
        chats::get(self, device, &self.called(device, chat).await?).await
    }

    async fn chats(&self, device: &DeviceId, filter: &ChatFilter, page: &PageRequest) -> Result<Page<Chat>, PortError> {
        chats::list(self, device, filter, page).await
    }

    async fn group(&self, device: &DeviceId, group: &Jid) -> Result<Option<Group>, PortError> {
        groups::get(self, device, group).await
    }

    async fn groups(&self, device: &DeviceId, filter: &GroupFilter, page: &PageRequest) -> Result<Page<Group>, PortError> {
        groups::list(self, device, filter, page).await
    }
}

impl Records {
    /// The name a person, or their chat, is kept under.
    async fn called(&self, device: &DeviceId, name: &Jid) -> Result<Jid, PortError> {
        Ok(self.phone(device, name).await?.unwrap_or_else(|| name.clone()))
    }
}
