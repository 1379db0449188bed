//! What is said of a message that was asked for.

use axum::http::StatusCode;
use domain::model::{Jid, Message, MessageId, MessageStatus, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::{error::ApiError, openapi::Operation, reply::Success};

/// 200 for what was done, 202 for what will be.
pub type Answer<T> = (StatusCode, Success<T>);

/// A message that was sent, or will be.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    message_id: MessageId,
    recipient: Jid,
    timestamp: Timestamp,
    status: MessageStatus,
    message_type: &'static str,
}

impl Sent {
    /// Says of an operation that it answers with a message of this type.
    pub fn doc(operation: Operation, kind: &str) -> Operation {
        let example = |message: &str, status: &str| {
            json!({
                "success": true,
                "message": message,
                "data": {
                    "messageId": "msg_123456789",
                    "recipient": "1234567890@s.whatsapp.net",
                    "timestamp": "2024-01-01T10:00:00Z",
                    "status": status,
                    "messageType": kind,
                },
            })
        };
        operation.answers::<Self>(200, "WhatsApp has it.", example("Message sent successfully", "sent")).answers::<Self>(
            202,
            "It will be sent.",
            example("Message accepted", "pending"),
        )
    }

    /// The message by its record.
    pub fn of(message: Message) -> Result<Answer<Self>, ApiError> {
        let (code, status) = settled(&message)?;
        let text = if code == StatusCode::OK { "Message sent successfully" } else { "Message accepted" };
        let sent = Self {
            message_id: message.id,
            recipient: message.to.unwrap_or(message.chat),
            timestamp: message.timestamp,
            status,
            message_type: message.kind.as_str(),
        };
        Ok((code, Success::with(text, sent)))
    }
}

/// How far a message got, as far as whoever asked for it is concerned.
pub fn settled(message: &Message) -> Result<(StatusCode, MessageStatus), ApiError> {
    match message.status {
        MessageStatus::Failed => Err(ApiError::MessageSendFailed { reason: message.error.clone() }),
        MessageStatus::Pending => Ok((StatusCode::ACCEPTED, MessageStatus::Pending)),
        // However far it got by now: it was sent.
        MessageStatus::Sent | MessageStatus::Delivered | MessageStatus::Read => Ok((StatusCode::OK, MessageStatus::Sent)),
    }
}
