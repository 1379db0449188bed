//! A message in the contract's JSON, and what we add to it.

use std::time::Duration;

use domain::{
    model::{
        Attachment, Author, BulkId, ContactCard, DeviceId, Direction, Jid, Location, MediaFile, MediaPlace, Message, MessageId,
        MessageStatus, MessageType, Poll, Quoted, SessionId, Timestamp,
    },
    ports::{LinkOptions, PortError},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::Api;

/// How long a link to a message's file is good.
const LINKED: Duration = Duration::from_secs(24 * 3600);

/// Everything there is to say of a message.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Message")]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    id: MessageId,
    device_id: DeviceId,
    session_id: SessionId,
    direction: Direction,
    chat_id: Jid,
    from: Option<Jid>,
    to: Option<Jid>,
    lid: Option<Jid>,
    push_name: Option<String>,
    #[serde(rename = "type")]
    kind: MessageType,
    content: String,
    media_url: Option<String>,
    caption: Option<String>,
    media: Option<MediaView>,
    location: Option<Location>,
    contacts: Option<Vec<ContactCard>>,
    poll: Option<Poll>,
    mentions: Vec<Jid>,
    timestamp: Timestamp,
    status: MessageStatus,
    read_at: Option<Timestamp>,
    edited_at: Option<Timestamp>,
    deleted_at: Option<Timestamp>,
    error: Option<String>,
    bulk_id: Option<BulkId>,
    metadata: Metadata,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "MessageMetadata")]
#[serde(rename_all = "camelCase")]
struct Metadata {
    message_id: MessageId,
    quoted: Option<Quoted>,
    forwarded: bool,
    from_me: bool,
    broadcast: bool,
    /// `null` for incoming ones.
    author: Option<Author>,
}

/// A message's file.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Media")]
#[serde(rename_all = "camelCase")]
struct MediaView {
    mime_type: String,
    file_name: Option<String>,
    file_size: u64,
    seconds: Option<u32>,
    voice_note: bool,
    status: MediaStatus,
    error: Option<String>,
}

/// Where the file's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
enum MediaStatus {
    Stored,
    Downloading,
    Remote,
    Failed,
}

impl MessageView {
    /// The message, with a new link to its file.
    pub async fn of(api: &Api, message: Message) -> Result<Self, PortError> {
        let media_url = match message.media() {
            Some(file) => link(api, &message.device_id, file),
            None => None,
        };
        let mut view = Self {
            metadata: Metadata {
                message_id: message.id.clone(),
                quoted: message.quoted,
                forwarded: message.forwarded,
                from_me: message.direction == Direction::Outgoing,
                broadcast: message.broadcast,
                author: message.author,
            },
            id: message.id,
            device_id: message.device_id,
            session_id: message.session_id,
            direction: message.direction,
            chat_id: message.chat,
            from: message.from,
            to: message.to,
            lid: message.lid,
            push_name: message.push_name,
            kind: message.kind,
            content: message.content,
            media_url,
            caption: message.caption,
            media: None,
            location: None,
            contacts: None,
            poll: None,
            mentions: message.mentions,
            timestamp: message.timestamp,
            status: message.status,
            read_at: message.read_at,
            edited_at: message.edited_at,
            deleted_at: message.deleted_at,
            error: message.error,
            bulk_id: message.bulk.map(|part| part.id),
        };
        match message.attachment {
            Some(Attachment::Media(file)) => view.media = Some(file.into()),
            Some(Attachment::Location(location)) => view.location = Some(location),
            Some(Attachment::Contacts { cards }) => view.contacts = Some(cards),
            Some(Attachment::Poll(poll)) => view.poll = Some(poll),
            None => {}
        }
        Ok(view)
    }

    /// As it may be.
    pub fn example() -> Value {
        json!({
            "id": "msg_123456789",
            "deviceId": "123",
            "sessionId": "user_123_device_my_device",
            "direction": "outgoing",
            "chatId": "987654321@s.whatsapp.net",
            "from": "123456789@s.whatsapp.net",
            "to": "987654321@s.whatsapp.net",
            "lid": null,
            "pushName": null,
            "type": "text",
            "content": "Hello from WhatsApp API!",
            "mediaUrl": null,
            "caption": null,
            "media": null,
            "location": null,
            "contacts": null,
            "poll": null,
            "mentions": [],
            "timestamp": "2024-01-01T10:00:00Z",
            "status": "read",
            "readAt": "2024-01-01T10:05:00Z",
            "editedAt": null,
            "deletedAt": null,
            "error": null,
            "bulkId": null,
            "metadata": {
                "messageId": "msg_123456789",
                "quoted": null,
                "forwarded": false,
                "fromMe": true,
                "broadcast": false,
                "author": "api",
            },
        })
    }

    /// Many messages, in their order.
    pub async fn all(api: &Api, messages: Vec<Message>) -> Result<Vec<Self>, PortError> {
        let mut views = Vec::with_capacity(messages.len());
        for message in messages {
            views.push(Self::of(api, message).await?);
        }
        Ok(views)
    }
}

fn link(api: &Api, device: &DeviceId, file: &MediaFile) -> Option<String> {
    let options = LinkOptions { mime_type: Some(file.mime_type.clone()), file_name: file.file_name.clone() };
    file.stored().map(|id| api.links.download(device, id, api.clock.now() + LINKED, &options))
}

impl From<MediaFile> for MediaView {
    fn from(file: MediaFile) -> Self {
        let (status, error) = match file.place {
            MediaPlace::Stored { .. } => (MediaStatus::Stored, None),
            MediaPlace::Awaiting { .. } => (MediaStatus::Downloading, None),
            MediaPlace::Remote { .. } => (MediaStatus::Remote, None),
            MediaPlace::Failed { error } => (MediaStatus::Failed, Some(error)),
        };
        Self {
            mime_type: file.mime_type,
            file_name: file.file_name,
            file_size: file.size_bytes,
            seconds: file.seconds,
            voice_note: file.voice_note,
            status,
            error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_tells_where_its_bytes_are_and_never_its_reference() {
        let file =
            |place| MediaFile { mime_type: "audio/ogg".into(), file_name: None, size_bytes: 7, seconds: Some(3), voice_note: true, place };
        let reference = "c2VjcmV0".to_owned();
        for (place, status, error) in [
            (MediaPlace::Awaiting { reference: reference.clone() }, "downloading", json!(null)),
            (MediaPlace::Remote { reference }, "remote", json!(null)),
            (MediaPlace::Failed { error: "expired".into() }, "failed", json!("expired")),
        ] {
            let view = serde_json::to_value(MediaView::from(file(place))).unwrap();
            assert_eq!(
                view,
                json!({"mimeType": "audio/ogg", "fileName": null, "fileSize": 7, "seconds": 3, "voiceNote": true, "status": status, "error": error})
            );
        }
    }
}
