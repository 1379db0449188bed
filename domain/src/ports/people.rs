//! The people, conversations and groups of devices. They change by the `Journal` alone.

use async_trait::async_trait;

use super::PortError;
use crate::model::{Chat, ChatFilter, Contact, ContactFilter, DeviceId, Group, GroupFilter, Jid, Page, PageRequest};

/// Whom and what each device's account knows. One person is found under their number and under their hidden id.
#[async_trait]
pub trait People: Send + Sync {
    /// A person.
    async fn contact(&self, device: &DeviceId, contact: &Jid) -> Result<Option<Contact>, PortError>;

    /// The people the account knows, by title (see [`Contact::title`], whatever its case) and number, those without one last.
    async fn contacts(&self, device: &DeviceId, filter: &ContactFilter, page: &PageRequest) -> Result<Page<Contact>, PortError>;

    /// A conversation.
    async fn chat(&self, device: &DeviceId, chat: &Jid) -> Result<Option<Chat>, PortError>;

    /// The conversations: those pinned, the latest first, then those with the latest message.
    async fn chats(&self, device: &DeviceId, filter: &ChatFilter, page: &PageRequest) -> Result<Page<Chat>, PortError>;

    /// A group.
    async fn group(&self, device: &DeviceId, group: &Jid) -> Result<Option<Group>, PortError>;

    /// The groups the account is in, by subject, whatever its case.
    async fn groups(&self, device: &DeviceId, filter: &GroupFilter, page: &PageRequest) -> Result<Page<Group>, PortError>;
}
