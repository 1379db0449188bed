//! `POST /messages/{messageId}/delete`: take a message back from everyone.

use std::{sync::Arc, time::Duration};

use axum::extract::State;
use domain::model::{Command, DeleteMessage, Direction, Message, MessageStatus, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    api::Api,
    error::ApiError,
    extract::{Json, Path},
    openapi::Operation,
    sending::{Answer, Changed, Terms, target},
};
use serde_json::json;

/// How long WhatsApp lets a message be taken back.
const DELETABLE: Duration = Duration::from_secs(60 * 3600);

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "DeleteMessage")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    session_id: Option<String>,
}

pub fn doc() -> Operation {
    let operation = Operation::new("deleteMessage", "Messages", "Delete a message for everyone")
        .describe("From everyone: one's own within 60 hours, or anybody's in a group that the account administers.")
        .sends()
        .takes::<Request>(json!({"sessionId": "user_123_device_my_device"}));
    Changed::doc(operation, "Message deleted successfully")
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    terms: Terms,
    Json(request): Json<Request>,
) -> Result<Answer<Changed>, ApiError> {
    let sender = terms.sender(&api, request.session_id.as_deref()).await?;
    let message = target(&api, &sender.device, &id).await?;
    let at = if message.deleted_at.is_some() {
        message.deleted_at
    } else {
        may_delete(&message, api.clock.now())?;
        let (chat, target) = (message.chat.clone(), message.key());
        sender.change(&api, |id| Command::Delete(DeleteMessage { id, chat, target })).await?
    };
    Ok(Changed::of(&api, message, at, "Message deleted successfully", "Deletion accepted"))
}

/// Whether the account is an admin of the group, WhatsApp knows.
fn may_delete(message: &Message, now: Timestamp) -> Result<(), ApiError> {
    let own = message.direction == Direction::Outgoing;
    let problem = if !own && !message.chat.is_group() {
        "only messages of the device's own account, or of a group that it administers, can be deleted"
    } else if own && message.status < MessageStatus::Sent {
        "the message was not sent"
    } else if own && !message.chat.is_group() && now.since(message.timestamp) >= DELETABLE {
        "the message is older than 60 hours"
    } else {
        return Ok(());
    };
    Err(ApiError::invalid("messageId", problem))
}
