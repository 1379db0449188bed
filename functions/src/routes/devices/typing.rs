//! `POST /devices/{id}/typing`: show the other side that somebody is writing.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{Command, Jid, Typing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    api::Api,
    contact,
    error::ApiError,
    extract::{Json, PathDevice},
    host,
    openapi::Operation,
    reply::Success,
    sending::recipient,
};
use serde_json::json;

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "ShowTyping")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    #[serde(alias = "chatId")]
    contact_id: String,
    state: Typing,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "ShownTyping")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    contact_id: Jid,
    state: Typing,
}

pub fn doc() -> Operation {
    Operation::new("showTyping", "Messaging", "Show a typing indicator")
        .takes::<Request>(json!({"contactId": "1234567890@s.whatsapp.net", "state": "composing"}))
        .answers::<Response>(
            200,
            "What the other side sees now.",
            json!({
                "success": true,
                "message": "Typing state sent",
                "data": {"contactId": "1234567890@s.whatsapp.net", "state": "composing"},
            }),
        )
        .asks_whatsapp()
        .refuses([ApiError::InvalidPhoneNumber])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Json(request): Json<Request>,
) -> Result<Success<Response>, ApiError> {
    host::on_line(&device)?;
    let contact_id = contact::chat(&api, &device.id, recipient(&request.contact_id)?).await?;
    let command = Command::Typing { chat: contact_id.clone(), state: request.state };
    host::ask(&api, &device.id, command).await?;
    Ok(Success::with("Typing state sent", Response { contact_id, state: request.state }))
}
