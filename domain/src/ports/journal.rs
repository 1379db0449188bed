//! State changes and the events that tell of them, stored together.

use async_trait::async_trait;

use super::{Epoch, PortError};
use crate::model::{
    ChatUpdate, ContactUpdate, DeviceId, Event, EventDraft, Group, Jid, MediaFile, Message, MessageKey, MessageStatus, Session, Timestamp,
};

/// A change of a device's state.
#[derive(Clone, Debug)]
pub enum Change {
    /// The session is now this. Always takes effect.
    Session(Box<Session>),
    /// A message was received, or typed on the phone. Takes effect unless one with the same chat, sender and id is stored:
    /// WhatsApp repeats what it is not sure we have. What its sender calls themselves is news of their contact then.
    Message(Box<Message>),
    /// A message of the time before the device was linked. Takes effect like [`Change::Message`]; counts among the messages there are, not among
    /// what went through the device.
    History(Box<Message>),
    /// A message got further. Takes effect if it is stored and may go from its status to this one.
    Status {
        /// The message. Of incoming ones only `Read` is ever told.
        key: MessageKey,
        /// What it becomes.
        status: MessageStatus,
        /// When; `Read` sets `read_at` to it.
        at: Timestamp,
        /// Why it failed.
        error: Option<String>,
    },
    /// A message has a new text ([`Message::set_text`]). Takes effect if it is stored, not deleted, and was not
    /// edited at `at` or later.
    Edited {
        /// The message.
        key: MessageKey,
        /// Its text from now on.
        text: String,
        /// When.
        at: Timestamp,
    },
    /// A message was taken back. Takes effect if it is stored and was not before; what it said stays on record.
    Deleted {
        /// The message.
        key: MessageKey,
        /// When.
        at: Timestamp,
    },
    /// The file of a message is now this. Takes effect if the message is stored and its file was not in the store yet.
    Media {
        /// The message.
        key: MessageKey,
        /// Its file.
        file: MediaFile,
    },
    /// A person was found to have this number and this hidden id. Takes effect if that is new: then what was stored under the hidden id as its chat
    /// belongs to the number's chat, and what was known of the person under the hidden id belongs to the number's contact.
    Alias {
        /// The number.
        phone: Jid,
        /// The hidden id.
        lid: Jid,
    },
    /// This is news of a person. Takes effect if it changes their contact, or if there was none: there is one from then on.
    Contact {
        /// Who.
        contact: Jid,
        /// The news.
        update: Box<ContactUpdate>,
    },
    /// These people are blocked, and nobody else. Takes effect if that is new.
    Blocked {
        /// Everybody who is.
        contacts: Vec<Jid>,
    },
    /// This is news of a conversation. Takes effect if it changes its chat, or if there was none: there is one from then on.
    Chat {
        /// With whom.
        chat: Jid,
        /// The news.
        update: ChatUpdate,
    },
    /// The conversation and its messages were deleted on the phone. Takes effect if there is a chat; the messages stay on record.
    ChatDeleted {
        /// With whom.
        chat: Jid,
    },
    /// The account is in this group, which is now this. Takes effect if either is new.
    Group(Box<Group>),
    /// The account is not in this group. Takes effect if it was; its chat keeps the name.
    GroupLeft {
        /// Which.
        group: Jid,
    },
    /// Nothing but the event that tells of it. Always takes effect.
    Notice,
}

/// A change and the event that tells of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// The change.
    pub change: Change,
    /// Stored if, and only if, the change took effect.
    pub event: Option<EventDraft>,
}

/// Stores what happens to devices.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Stores all `steps` in order, or none: each change that takes effect, its event with the device's next sequence numbers, and one delivery
    /// per event that the device's webhook wants. Answers the stored events, in order. So a repeated call changes nothing and tells nothing.
    /// Fails with [`PortError::Fenced`] and stores nothing if a host with a later epoch has taken over.
    /// For a device that is gone it stores nothing and answers nothing.
    async fn commit(&self, device: &DeviceId, epoch: Epoch, steps: Vec<Step>) -> Result<Vec<Event>, PortError>;
}
