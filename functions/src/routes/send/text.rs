//! `POST /send`, `POST /device/send`: a text to a person, a group or a channel.

use std::sync::Arc;

use axum::extract::State;
use domain::pipeline::Draft;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    api::Api,
    error::ApiError,
    extract::Json,
    fields::{Object, Text},
    openapi::Operation,
    sending::{self, Answer, Options, Sent, Terms, recipient},
};
use serde_json::json;

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "SendText")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    session_id: Option<String>,
    recipient: String,
    #[schemars(extend("pattern" = r"\S"))]
    message: Text<1, 65_536>,
    /// `text`, which it is anyway.
    #[serde(rename = "type")]
    _kind: Option<Kind>,
    #[serde(default)]
    options: Object<Options>,
}

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "TextKind")]
#[serde(rename_all = "lowercase")]
enum Kind {
    Text,
}

pub fn doc() -> Operation {
    let operation = Operation::new("sendText", "Messaging", "Send a text message").sends().takes::<Request>(json!({
        "sessionId": "user_123_device_my_device",
        "recipient": "1234567890@s.whatsapp.net",
        "message": "Hello from WhatsApp API!",
        "options": {"quoted": false, "linkPreview": true, "delay": 0},
    }));
    Sent::doc(operation, "text")
}

pub async fn handle(State(api): State<Arc<Api>>, terms: Terms, Json(request): Json<Request>) -> Result<Answer<Sent>, ApiError> {
    if request.message.0.trim().is_empty() {
        return Err(ApiError::invalid("message", "expected more than blanks"));
    }
    let draft = Draft::text(recipient(&request.recipient)?, request.message.0);
    sending::send(&api, terms, request.session_id.as_deref(), draft, request.options.0).await
}
