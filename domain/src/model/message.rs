//! Messages, in both directions.

use serde::{Deserialize, Serialize};

use super::{DeviceId, Jid, MessageId, SessionId, Timestamp};

/// A message that was accepted for sending, typed on the phone, or received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its WhatsApp id.
    pub id: MessageId,
    /// The device it went through.
    pub device_id: DeviceId,
    /// The same device's session id.
    pub session_id: SessionId,
    /// Which way it went.
    pub direction: Direction,
    /// The conversation: the other person or the group. One person is one chat, under their number where it is known.
    pub chat: Jid,
    /// Who wrote it; `None` only while the device's own number is not known.
    pub from: Option<Jid>,
    /// Who it was written to.
    pub to: Option<Jid>,
    /// The other person's hidden id, where WhatsApp gave one.
    pub lid: Option<Jid>,
    /// What kind of content it has.
    #[serde(rename = "type")]
    pub kind: MessageType,
    /// Its text; for other kinds what can be said in text, possibly nothing.
    pub content: String,
    /// The text under a picture, video or document.
    pub caption: Option<String>,
    /// The message this one answers.
    pub quoted: Option<Quoted>,
    /// Whether it was forwarded.
    pub forwarded: bool,
    /// Whether it came by a broadcast list.
    pub broadcast: bool,
    /// The name its sender shows, for incoming ones.
    pub push_name: Option<String>,
    /// When it was written; for accepted ones, when it was accepted.
    pub timestamp: Timestamp,
    /// How far it got.
    pub status: MessageStatus,
    /// When the other side read it.
    pub read_at: Option<Timestamp>,
    /// Why it failed, as a stable word.
    pub error: Option<String>,
}

impl Message {
    /// What is to be sent, for an outgoing text.
    pub fn outgoing_text(&self) -> OutgoingText {
        OutgoingText { id: self.id.clone(), to: self.chat.clone(), text: self.content.clone(), quoted: self.quoted.clone() }
    }
}

/// Which way a message went, seen from the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the device.
    Incoming,
    /// From the device, or from the phone it is linked to.
    Outgoing,
}

/// Kinds of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageType {
    /// Plain text.
    Text,
    /// A picture.
    Image,
    /// A film.
    Video,
    /// Sound or a voice note.
    Audio,
    /// A file.
    Document,
    /// A sticker.
    Sticker,
    /// A place.
    Location,
    /// A contact card.
    Contact,
    /// Anything else WhatsApp shows in a chat.
    Other,
}

impl MessageType {
    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
            Self::Location => "location",
            Self::Contact => "contact",
            Self::Other => "other",
        }
    }
}

/// How far a message got. Only ever moves forward in the order of the variants, except that [`MessageStatus::Failed`] follows `Pending` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageStatus {
    /// Accepted here.
    Pending,
    /// Refused by WhatsApp, or given up.
    Failed,
    /// Taken by WhatsApp.
    Sent,
    /// On the other side's phone.
    Delivered,
    /// Seen by the other side. Incoming ones: seen on our side.
    Read,
}

impl MessageStatus {
    /// Whether a message may go from this status to `next`.
    pub fn can_become(self, next: Self) -> bool {
        match next {
            Self::Failed => self == Self::Pending,
            // A receipt overtaking the acknowledgement of a message given up by mistake is the better news.
            _ => self < next,
        }
    }

    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }
}

/// The message another one answers, as much as is needed to show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quoted {
    /// Its WhatsApp id.
    pub message_id: MessageId,
    /// Who wrote it.
    pub from: Option<Jid>,
    /// Its text.
    pub content: String,
}

/// A text on its way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutgoingText {
    /// The WhatsApp id it is sent under, however often it has to be sent.
    pub id: MessageId,
    /// The chat.
    pub to: Jid,
    /// The text.
    pub text: String,
    /// The message it answers.
    pub quoted: Option<Quoted>,
}

/// Which messages are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// Only those of this device.
    pub device: Option<DeviceId>,
    /// Only those with this WhatsApp id.
    pub id: Option<MessageId>,
}

#[cfg(test)]
mod tests {
    use super::MessageStatus::*;

    #[test]
    fn a_status_only_moves_forward_and_only_pending_messages_fail() {
        assert!(Pending.can_become(Sent) && Sent.can_become(Delivered) && Sent.can_become(Read) && Pending.can_become(Read));
        assert!(!Read.can_become(Delivered) && !Sent.can_become(Sent) && !Delivered.can_become(Sent));
        assert!(Pending.can_become(Failed) && !Sent.can_become(Failed) && !Failed.can_become(Failed));
        assert!(Failed.can_become(Sent));
    }
}
