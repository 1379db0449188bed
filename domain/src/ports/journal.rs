//! State changes and the events that tell of them, stored together.

use async_trait::async_trait;

use super::{Epoch, PortError};
use crate::model::{DeviceId, Event, EventDraft, Message, MessageId, MessageStatus, Session, Timestamp};

/// A change of a device's state.
#[derive(Clone, Debug)]
pub enum Change {
    /// The session is now this. Always takes effect.
    Session(Box<Session>),
    /// A message was received, or typed on the phone. Takes effect unless one with the same chat, sender and id is stored:
    /// WhatsApp repeats what it is not sure we have.
    Message(Box<Message>),
    /// An outgoing message got further. Takes effect if it is stored and may go from its status to this one.
    Status {
        /// The message, one of the device's outgoing ones.
        id: MessageId,
        /// What it becomes.
        status: MessageStatus,
        /// When; `Read` sets `read_at` to it.
        at: Timestamp,
        /// Why it failed.
        error: Option<String>,
    },
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
