//! Asking for messages.

use super::{Direction, MessageStatus, MessageType};
use crate::model::{DeviceId, Jid, MessageId, Timestamp, UserId};

/// Which messages are asked for: those that meet every condition given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// Only those of this user's devices.
    pub user: Option<UserId>,
    /// Only those of this device.
    pub device: Option<DeviceId>,
    /// Only those of this chat.
    pub chat: Option<Jid>,
    /// Only those with this WhatsApp id.
    pub id: Option<MessageId>,
    /// Only those that went this way.
    pub direction: Option<Direction>,
    /// Only those of this kind.
    pub kind: Option<MessageType>,
    /// Only those in this status.
    pub status: Option<MessageStatus>,
    /// Only those of this moment or later.
    pub since: Option<Timestamp>,
    /// Only those before this moment.
    pub until: Option<Timestamp>,
}

/// How many messages meet a filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageTally {
    /// All of them.
    pub total: u64,
    /// Outgoing ones, whatever became of them.
    pub sent: u64,
    /// Incoming ones.
    pub received: u64,
    /// Those that a file goes with.
    pub media: u64,
    /// Texts.
    pub text: u64,
}
