//! Changes of messages that were sent: they have no record, and go out under a WhatsApp id of their own.

use axum::http::StatusCode;
use domain::model::{Command, Jid, Message, MessageId, MessageStatus, Outcome, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{Answer, Sender};
use crate::{api::Api, error::ApiError, openapi::Operation, reply::Success};

/// A message that was changed, or will be.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    message_id: MessageId,
    recipient: Jid,
    timestamp: Timestamp,
    status: MessageStatus,
}

impl Changed {
    /// Says of an operation that it answers with a message that was changed.
    pub fn doc(operation: Operation, done: &str) -> Operation {
        let example = |message: &str, status: &str| {
            json!({
                "success": true,
                "message": message,
                "data": {
                    "messageId": "msg_123456789",
                    "recipient": "1234567890@s.whatsapp.net",
                    "timestamp": "2024-01-01T10:00:00Z",
                    "status": status,
                },
            })
        };
        operation.refuses([ApiError::MessageNotFound]).answers::<Self>(200, "WhatsApp has it.", example(done, "sent")).answers::<Self>(
            202,
            "It will be done.",
            example("Change accepted", "pending"),
        )
    }

    /// The message `target`, changed at `at`; not yet if `at` is `None`.
    pub fn of(api: &Api, target: Message, at: Option<Timestamp>, done: &'static str, accepted: &'static str) -> Answer<Self> {
        let (code, text, status) = match at {
            Some(_) => (StatusCode::OK, done, MessageStatus::Sent),
            None => (StatusCode::ACCEPTED, accepted, MessageStatus::Pending),
        };
        let timestamp = at.unwrap_or_else(|| api.clock.now());
        (code, Success::with(text, Self { message_id: target.id, recipient: target.chat, timestamp, status }))
    }
}

impl Sender {
    /// Has a change sent, made with the id it is to go out under, and tells when WhatsApp took it; `None` if it has not yet.
    /// The same idempotency key makes the same id: both ends take the change for the one they have.
    pub async fn change(&self, api: &Api, make: impl FnOnce(MessageId) -> Command) -> Result<Option<Timestamp>, ApiError> {
        let id = api.intake.stanza_id(&self.device.id, self.idempotency_key.as_deref());
        let waits = !self.respond_async;
        let command = api.intake.stanza(&self.device.id, &id, make(id.clone()), waits).await?;
        if !waits {
            return Ok(None);
        }
        match api.intake.outcome(&command, api.config.send_wait).await? {
            Some(Outcome::Sent { at }) => Ok(Some(at)),
            Some(Outcome::Failed { error }) => Err(ApiError::MessageSendFailed { reason: Some(error) }),
            Some(_) | None => Ok(None),
        }
    }
}
