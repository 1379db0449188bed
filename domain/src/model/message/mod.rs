//! Messages, in both directions.

mod filter;
mod key;

use serde::{Deserialize, Serialize};

pub use self::{
    filter::{MessageFilter, MessageTally},
    key::{MessageKey, Origin},
};
use super::{Attachment, BulkPart, DeviceId, Jid, MediaFile, MessageId, SessionId, Timestamp};

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
    /// Its text; for other kinds what can be said in text, such as a file's caption; possibly nothing.
    pub content: String,
    /// The text under a picture, video or document.
    pub caption: Option<String>,
    /// What it holds besides its text.
    #[serde(default)]
    pub attachment: Option<Attachment>,
    /// The message this one answers; for a reaction or a vote the one it is about.
    pub quoted: Option<Quoted>,
    /// Who is mentioned in its text.
    #[serde(default)]
    pub mentions: Vec<Jid>,
    /// Whether the first link in its text is to be shown with a preview.
    #[serde(default)]
    pub link_preview: bool,
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
    /// Not to be sent earlier; `None` for at once.
    #[serde(default)]
    pub due_at: Option<Timestamp>,
    /// Its place in a bulk.
    #[serde(default)]
    pub bulk: Option<BulkPart>,
    /// Who wrote it for the account, for outgoing ones.
    #[serde(default)]
    pub author: Option<Author>,
    /// When its author last changed its text.
    #[serde(default)]
    pub edited_at: Option<Timestamp>,
    /// When its author, or an admin of the group, took it back from everyone.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
}

impl Message {
    /// What names it among the messages of its device.
    pub fn key(&self) -> MessageKey {
        let origin = match self.direction {
            Direction::Outgoing => Origin::Own,
            Direction::Incoming => Origin::Other { chat: self.chat.clone(), from: self.from.clone() },
        };
        MessageKey { id: self.id.clone(), origin }
    }

    /// Gives it another text: a file's caption is its content too.
    pub fn set_text(&mut self, text: String) {
        if self.kind.is_media() {
            self.caption = Some(text.clone());
        }
        self.content = text;
    }

    /// The file that goes with it.
    pub fn media(&self) -> Option<&MediaFile> {
        match &self.attachment {
            Some(Attachment::Media(file)) => Some(file),
            _ => None,
        }
    }

    /// It, as the message that another one answers.
    pub fn quote(&self) -> Quoted {
        let content = if self.content.is_empty() { self.caption.clone().unwrap_or_default() } else { self.content.clone() };
        Quoted { message_id: self.id.clone(), from: self.from.clone(), from_me: self.direction == Direction::Outgoing, content }
    }
}

/// Who wrote a message for the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Author {
    /// A person, on the phone or another device of theirs.
    Phone,
    /// Somebody who asked this API to send it.
    Api,
    /// The device by itself: see [`AiSettings`](super::AiSettings).
    Ai,
}

/// Which way a message went, seen from the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the device.
    Incoming,
    /// From the device, or from the phone it is linked to.
    Outgoing,
}

/// Kinds of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// A question with answers to choose from.
    Poll,
    /// An emoji on another message; its content is the emoji, empty when it was taken back.
    Reaction,
    /// Answers chosen in a poll; its content names them, one a line.
    Vote,
}

impl MessageType {
    /// Whether a file goes with it.
    pub fn is_media(self) -> bool {
        matches!(self, Self::Image | Self::Video | Self::Audio | Self::Document | Self::Sticker)
    }

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
            Self::Poll => "poll",
            Self::Reaction => "reaction",
            Self::Vote => "vote",
        }
    }
}

/// How far a message got. Only ever moves forward in the order of the variants, except that [`MessageStatus::Failed`] follows `Pending` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Quoted {
    /// Its WhatsApp id.
    pub message_id: MessageId,
    /// Who wrote it.
    pub from: Option<Jid>,
    /// Whether the device's own account wrote it.
    #[serde(default)]
    pub from_me: bool,
    /// Its text.
    pub content: String,
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
