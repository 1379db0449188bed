//! What events say.

use serde::Serialize;

use super::{
    EventKind,
    group::GroupDetails,
    message::{ChatMessage, MediaMessage},
};
use crate::model::{Jid, MediaFile, Message, MessageId, MessageStatus, MessageType, PairingCode, Qr, Session, Status, Timestamp};

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
    /// A code to type into the phone.
    #[serde(rename_all = "camelCase")]
    PairingCode {
        /// The code.
        code: String,
        /// The phone's number, `+628…`.
        phone_number: String,
        /// From then on it is refused.
        expires_at: Timestamp,
    },
    /// Linking waits for the account's passkey.
    #[serde(rename_all = "camelCase")]
    PasskeyRequest {
        /// WebAuthn's `PublicKeyCredentialRequestOptions`, as JSON text.
        request: String,
    },
    /// The passkey answered; linking waits for a confirmation.
    #[serde(rename_all = "camelCase")]
    PasskeyConfirmation {
        /// What the phone shows too.
        code: String,
    },
    /// The device is in a group that it was not in, or the group has changed.
    GroupUpdate(Box<GroupDetails>),
    /// The device is not in a group any more.
    #[serde(rename_all = "camelCase")]
    GroupLeft {
        /// Which.
        id: Jid,
    },
    /// The device could not answer by itself.
    #[serde(rename_all = "camelCase")]
    AiError {
        /// Where.
        chat_id: Jid,
        /// What it could not answer.
        message_id: Option<MessageId>,
        /// Why, as a stable word.
        error: String,
    },
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

    /// A code to type into the phone.
    pub fn pairing_code(code: &PairingCode) -> Self {
        Self::PairingCode { code: code.code.clone(), phone_number: code.phone.to_contact(), expires_at: code.expires_at }
    }

    pub(super) fn chat(&self) -> Option<&Jid> {
        match self {
            Self::MessageReceived(data)
            | Self::MessageSent(data)
            | Self::MessageReaction(data)
            | Self::PollVote(data)
            | Self::MessageEdited(data)
            | Self::MessageDeleted(data) => Some(&data.chat_id),
            Self::MediaReceived(data) | Self::MediaFailed(data) => Some(&data.message.chat_id),
            Self::MessageStatus { chat_id, .. } | Self::AiError { chat_id, .. } => Some(chat_id),
            Self::GroupUpdate(group) => Some(&group.id),
            Self::GroupLeft { id } => Some(id),
            Self::QrCode { .. }
            | Self::ConnectionUpdate { .. }
            | Self::PairingCode { .. }
            | Self::PasskeyRequest { .. }
            | Self::PasskeyConfirmation { .. } => None,
        }
    }

    pub(super) fn kind(&self) -> EventKind {
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
            Self::PairingCode { .. } => EventKind::PairingCode,
            Self::PasskeyRequest { .. } => EventKind::PasskeyRequest,
            Self::PasskeyConfirmation { .. } => EventKind::PasskeyConfirmation,
            Self::GroupUpdate(_) => EventKind::GroupUpdate,
            Self::GroupLeft { .. } => EventKind::GroupLeft,
            Self::AiError { .. } => EventKind::AiError,
        }
    }
}
