//! Something that happened, as webhooks and sockets see it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::{
    Attachment, ContactCard, DeviceId, EventId, Jid, Location, MediaFile, Message, MessageId, MessageStatus, MessageType, Poll, Qr,
    Session, Status, Timestamp, WebhookFilter,
};

/// The kinds of event, by the contract's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A QR code to scan.
    QrCode,
    /// The device went on or off line.
    ConnectionUpdate,
    /// Somebody wrote to the device.
    MessageReceived,
    /// WhatsApp took a message, or one was typed on the phone.
    MessageSent,
    /// A sent message was delivered or read, or failed.
    MessageStatus,
    /// The file of a message that was received, or typed on the phone, is there.
    MediaReceived,
    /// That file will not come.
    MediaFailed,
    /// Somebody put an emoji on a message, or took it back.
    MessageReaction,
    /// Somebody chose answers in a poll.
    PollVote,
    /// A message's author changed its text.
    MessageEdited,
    /// A message was taken back from everyone.
    MessageDeleted,
}

impl EventKind {
    /// The contract's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QrCode => "qr_code",
            Self::ConnectionUpdate => "connection_update",
            Self::MessageReceived => "message_received",
            Self::MessageSent => "message_sent",
            Self::MessageStatus => "message_status",
            Self::MediaReceived => "media_received",
            Self::MediaFailed => "media_failed",
            Self::MessageReaction => "message_reaction",
            Self::PollVote => "poll_vote",
            Self::MessageEdited => "message_edited",
            Self::MessageDeleted => "message_deleted",
        }
    }

    /// The name users subscribe to it by.
    pub fn filter(self) -> WebhookFilter {
        match self {
            Self::QrCode => WebhookFilter::Qr,
            Self::ConnectionUpdate => WebhookFilter::Connection,
            Self::MessageReceived
            | Self::MessageSent
            | Self::MessageReaction
            | Self::PollVote
            | Self::MessageEdited
            | Self::MessageDeleted => WebhookFilter::Message,
            Self::MediaReceived | Self::MediaFailed => WebhookFilter::Media,
            Self::MessageStatus => WebhookFilter::Status,
        }
    }
}

/// What an event says. No field is a floating-point number and no key looks like one, so that a receiver who parses the
/// JSON and writes it again gets the same bytes.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum EventData {
    /// A QR code to scan.
    #[serde(rename_all = "camelCase")]
    QrCode {
        /// What the code says.
        qr: String,
        /// The code as a PNG data URI.
        qr_image: String,
        /// From then on it is refused.
        expires_at: Timestamp,
    },
    /// The device went on or off line.
    #[serde(rename_all = "camelCase")]
    ConnectionUpdate {
        /// What it is now.
        status: Status,
        /// `+628…`, once linked.
        phone_number: Option<String>,
        /// Why, where that helps.
        reason: Option<String>,
    },
    /// Somebody wrote to the device.
    MessageReceived(ChatMessage),
    /// WhatsApp took a message, or one was typed on the phone.
    MessageSent(ChatMessage),
    /// A sent message got further, or failed.
    #[serde(rename_all = "camelCase")]
    MessageStatus {
        /// The message.
        message_id: MessageId,
        /// Its chat.
        chat_id: Jid,
        /// What it is now.
        status: MessageStatus,
        /// Why it failed.
        error: Option<String>,
        /// Since when.
        timestamp: Timestamp,
    },
    /// A message's file is there.
    MediaReceived(MediaMessage),
    /// A message's file will not come.
    MediaFailed(MediaMessage),
    /// Somebody put an emoji on a message, or took it back: `message` is the emoji, `quotedMessageId` what it is on.
    MessageReaction(ChatMessage),
    /// Somebody chose answers in a poll: `message` names them, `quotedMessageId` is the poll.
    PollVote(ChatMessage),
    /// A message's author changed its text: `message` is the new one.
    MessageEdited(ChatMessage),
    /// A message was taken back from everyone.
    MessageDeleted(ChatMessage),
}

/// A message as events tell it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatMessage {
    message_id: MessageId,
    chat_id: Jid,
    from: Option<String>,
    to: Option<String>,
    lid: Option<Jid>,
    push_name: Option<String>,
    #[serde(rename = "type")]
    kind: MessageType,
    message: String,
    caption: Option<String>,
    media: Option<FileInfo>,
    location: Option<Location>,
    contacts: Option<Vec<ContactCard>>,
    poll: Option<Poll>,
    quoted_message_id: Option<MessageId>,
    mentions: Vec<Jid>,
    forwarded: bool,
    is_group: bool,
    status: MessageStatus,
    timestamp: Timestamp,
}

/// A message's file, as far as it is known before it is there.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FileInfo {
    mime_type: String,
    file_name: Option<String>,
    file_size: u64,
    seconds: Option<u32>,
    voice_note: bool,
}

/// A message's file that is there, or will not come.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaMessage {
    media_type: MessageType,
    media_url: Option<String>,
    mime_type: String,
    file_name: Option<String>,
    file_size: u64,
    error: Option<String>,
    #[serde(flatten)]
    message: ChatMessage,
}

impl ChatMessage {
    fn of(message: &Message) -> Self {
        Self {
            message_id: message.id.clone(),
            chat_id: message.chat.clone(),
            from: message.from.as_ref().map(Jid::to_contact),
            to: message.to.as_ref().map(Jid::to_contact),
            lid: message.lid.clone(),
            push_name: message.push_name.clone(),
            kind: message.kind,
            message: message.content.clone(),
            caption: message.caption.clone(),
            media: message.media().map(|file| FileInfo {
                mime_type: file.mime_type.clone(),
                file_name: file.file_name.clone(),
                file_size: file.size_bytes,
                seconds: file.seconds,
                voice_note: file.voice_note,
            }),
            location: match &message.attachment {
                Some(Attachment::Location(location)) => Some(location.clone()),
                _ => None,
            },
            contacts: match &message.attachment {
                Some(Attachment::Contacts { cards }) => Some(cards.clone()),
                _ => None,
            },
            poll: match &message.attachment {
                Some(Attachment::Poll(poll)) => Some(poll.clone()),
                _ => None,
            },
            mentions: message.mentions.clone(),
            forwarded: message.forwarded,
            quoted_message_id: message.quoted.as_ref().map(|quoted| quoted.message_id.clone()),
            is_group: message.chat.is_group(),
            status: message.status,
            timestamp: message.timestamp,
        }
    }
}

impl MediaMessage {
    fn of(message: &Message, file: &MediaFile, media_url: Option<String>, error: Option<String>) -> Self {
        Self {
            media_type: message.kind,
            media_url,
            mime_type: file.mime_type.clone(),
            file_name: file.file_name.clone(),
            file_size: file.size_bytes,
            error,
            message: ChatMessage::of(message),
        }
    }
}

impl EventData {
    /// A code to scan.
    pub fn qr_code(qr: &Qr) -> Self {
        Self::QrCode { qr: qr.code.clone(), qr_image: qr.image.clone(), expires_at: qr.expires_at }
    }

    /// The state of a connection.
    pub fn connection_update(session: &Session) -> Self {
        Self::ConnectionUpdate {
            status: session.status,
            phone_number: session.phone.as_ref().map(Jid::to_contact),
            reason: session.reason.clone(),
        }
    }

    /// A message from somebody else.
    pub fn message_received(message: &Message) -> Self {
        let data = ChatMessage::of(message);
        match message.kind {
            MessageType::Reaction => Self::MessageReaction(data),
            MessageType::Vote => Self::PollVote(data),
            _ => Self::MessageReceived(data),
        }
    }

    /// The file of a message is at `url`.
    pub fn media_received(message: &Message, file: &MediaFile, url: String) -> Self {
        Self::MediaReceived(MediaMessage::of(message, file, Some(url), None))
    }

    /// The file of a message will not come.
    pub fn media_failed(message: &Message, file: &MediaFile, error: &str) -> Self {
        Self::MediaFailed(MediaMessage::of(message, file, None, Some(error.to_owned())))
    }

    /// A message as it is after its author changed its text.
    pub fn message_edited(message: &Message) -> Self {
        Self::MessageEdited(ChatMessage::of(message))
    }

    /// A message that was taken back.
    pub fn message_deleted(message: &Message) -> Self {
        Self::MessageDeleted(ChatMessage::of(message))
    }

    /// A message of the device's account.
    pub fn message_sent(message: &Message) -> Self {
        Self::MessageSent(ChatMessage::of(message))
    }

    fn kind(&self) -> EventKind {
        match self {
            Self::QrCode { .. } => EventKind::QrCode,
            Self::ConnectionUpdate { .. } => EventKind::ConnectionUpdate,
            Self::MessageReceived(_) => EventKind::MessageReceived,
            Self::MessageSent(_) => EventKind::MessageSent,
            Self::MessageStatus { .. } => EventKind::MessageStatus,
            Self::MediaReceived(_) => EventKind::MediaReceived,
            Self::MediaFailed(_) => EventKind::MediaFailed,
            Self::MessageReaction(_) => EventKind::MessageReaction,
            Self::PollVote(_) => EventKind::PollVote,
            Self::MessageEdited(_) => EventKind::MessageEdited,
            Self::MessageDeleted(_) => EventKind::MessageDeleted,
        }
    }
}

/// An event that is about to be stored: it has no place in its device's sequence yet.
#[derive(Clone, Debug)]
pub struct EventDraft {
    /// Its name, whatever becomes of it.
    pub id: EventId,
    /// What kind it is.
    pub kind: EventKind,
    /// When it happened.
    pub at: Timestamp,
    /// What it says, as JSON that is passed on byte for byte.
    pub data: Arc<RawValue>,
}

impl EventDraft {
    /// An event that says `data`.
    pub fn new(id: EventId, at: Timestamp, data: &EventData) -> Self {
        let raw = to_raw_value(data).expect("event data has string keys only");
        Self { id, kind: data.kind(), at, data: raw.into() }
    }
}

/// Something that happened to a device.
#[derive(Clone, Debug)]
pub struct Event {
    /// The same in every channel and every try.
    pub id: EventId,
    /// Its place among the device's events: counts up by one without gaps.
    pub seq: u64,
    /// Whose event it is.
    pub device_id: DeviceId,
    /// What kind it is.
    pub kind: EventKind,
    /// When it happened.
    pub at: Timestamp,
    /// What it says, as JSON that is passed on byte for byte.
    pub data: Arc<RawValue>,
}

impl Event {
    /// The frame that sockets see.
    pub fn frame(&self) -> String {
        self.json("type")
    }

    /// The body that webhooks see, without its signature.
    pub fn body(&self) -> String {
        self.json("event")
    }

    fn json(&self, kind: &str) -> String {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        format!(
            r#"{{"{kind}":"{}","id":{},"deviceId":{},"seq":{},"timestamp":"{}","data":{}}}"#,
            self.kind.as_str(),
            text(self.id.as_str()),
            text(self.device_id.as_str()),
            self.seq,
            self.at,
            self.data.get(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_compact_json_with_the_data_as_it_is() {
        let data = EventData::ConnectionUpdate { status: Status::Connected, phone_number: Some("+6281100000001".into()), reason: None };
        let draft = EventDraft::new(EventId::parse("e1").unwrap(), Timestamp::from_millis(0), &data);
        let event =
            Event { id: draft.id, seq: 7, device_id: DeviceId::parse("a\"b").unwrap(), kind: draft.kind, at: draft.at, data: draft.data };
        assert_eq!(
            event.frame(),
            r#"{"type":"connection_update","id":"e1","deviceId":"a\"b","seq":7,"timestamp":"1970-01-01T00:00:00.000Z","data":{"status":"connected","phoneNumber":"+6281100000001","reason":null}}"#
        );
    }
}
