//! `POST /messages/{messageId}/edit`: a new text for a message of one's own.

use std::{sync::Arc, time::Duration};

use axum::extract::State;
use domain::model::{Command, Direction, EditMessage, Message, MessageStatus, MessageType, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    api::Api,
    error::ApiError,
    extract::{Json, Path},
    fields::{List, Object, Text},
    openapi::Operation,
    sending::{Answer, Changed, Mention, Terms, target},
};
use serde_json::json;

/// How long WhatsApp lets a message be changed.
const EDITABLE: Duration = Duration::from_secs(15 * 60);

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "EditMessage")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    session_id: Option<String>,
    #[schemars(extend("pattern" = r"\S"))]
    message: Text<1, 65_536>,
    #[serde(default)]
    options: Object<Options>,
}

#[derive(Default, JsonSchema, Deserialize)]
#[schemars(rename = "EditOptions")]
struct Options {
    mentions: Option<List<Mention, 1024>>,
}

pub fn doc() -> Operation {
    let operation = Operation::new("editMessage", "Messages", "Edit a message")
        .describe("A new text for a message of the device's own account, within 15 minutes.")
        .sends()
        .takes::<Request>(json!({"sessionId": "user_123_device_my_device", "message": "Hello again!"}));
    Changed::doc(operation, "Message edited successfully")
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    terms: Terms,
    Json(request): Json<Request>,
) -> Result<Answer<Changed>, ApiError> {
    let Request { session_id, message: Text(text), options: Object(Options { mentions }) } = request;
    if text.trim().is_empty() {
        return Err(ApiError::invalid("message", "expected more than blanks"));
    }
    let sender = terms.sender(&api, session_id.as_deref()).await?;
    let message = target(&api, &sender.device, &id).await?;
    may_edit(&message, api.clock.now())?;
    let mentions = mentions.map_or_else(Vec::new, |List(mentions)| mentions.into_iter().map(|Mention(jid)| jid).collect());
    let (chat, target) = (message.chat.clone(), message.id.clone());
    let at = sender.change(&api, |id| Command::Edit(EditMessage { id, chat, target, text, mentions })).await?;
    Ok(Changed::of(&api, message, at, "Message edited successfully", "Edit accepted"))
}

fn may_edit(message: &Message, now: Timestamp) -> Result<(), ApiError> {
    let has_text = match message.kind {
        MessageType::Text => true,
        MessageType::Image | MessageType::Video | MessageType::Document => message.caption.is_some(),
        _ => false,
    };
    let problem = if message.direction != Direction::Outgoing {
        "only messages of the device's own account can be edited"
    } else if !has_text {
        "only texts and captions can be edited"
    } else if message.deleted_at.is_some() {
        "the message was deleted"
    } else if message.status < MessageStatus::Sent {
        "the message was not sent"
    } else if now.since(message.timestamp) >= EDITABLE {
        "the message is older than 15 minutes"
    } else {
        return Ok(());
    };
    Err(ApiError::invalid("messageId", problem))
}
