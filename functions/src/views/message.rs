//! A message in the contract's JSON.

use domain::model::{DeviceId, Direction, Jid, Message, MessageId, MessageStatus, MessageType, Quoted, SessionId, Timestamp};
use serde::Serialize;

/// Everything there is to say of a message.
#[derive(Serialize)]
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
    timestamp: Timestamp,
    status: MessageStatus,
    read_at: Option<Timestamp>,
    error: Option<String>,
    metadata: Metadata,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    message_id: MessageId,
    quoted: Option<Quoted>,
    forwarded: bool,
    from_me: bool,
    broadcast: bool,
}

impl From<Message> for MessageView {
    fn from(message: Message) -> Self {
        Self {
            metadata: Metadata {
                message_id: message.id.clone(),
                quoted: message.quoted,
                forwarded: message.forwarded,
                from_me: message.direction == Direction::Outgoing,
                broadcast: message.broadcast,
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
            // Media is not kept yet.
            media_url: None,
            caption: message.caption,
            timestamp: message.timestamp,
            status: message.status,
            read_at: message.read_at,
            error: message.error,
        }
    }
}
