//! A message as events tell it.

use serde::Serialize;

use crate::model::{Attachment, ContactCard, Jid, Location, MediaFile, Message, MessageId, MessageStatus, MessageType, Poll, Timestamp};

/// A message as events tell it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatMessage {
    message_id: MessageId,
    pub(super) chat_id: Jid,
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
    pub(super) message: ChatMessage,
}

impl ChatMessage {
    pub(super) fn of(message: &Message) -> Self {
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
    pub(super) fn of(message: &Message, file: &MediaFile, media_url: Option<String>, error: Option<String>) -> Self {
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
