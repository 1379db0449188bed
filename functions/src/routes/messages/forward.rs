//! `POST /messages/{messageId}/forward`: a message of the device, with all that goes with it, to somebody else.

use std::sync::Arc;

use axum::extract::State;
use domain::{
    model::{Attachment, Message, MessageType},
    pipeline::Draft,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    api::Api,
    error::ApiError,
    extract::{Json, Path},
    fields::Object,
    openapi::Operation,
    sending::{Answer, Begun, Options, Sent, Terms, recipient, target},
};
use serde_json::json;

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "ForwardMessage")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    session_id: Option<String>,
    recipient: String,
    #[serde(default)]
    options: Object<Options>,
}

pub fn doc() -> Operation {
    let operation = Operation::new("forwardMessage", "Messages", "Forward a message")
        .sends()
        .takes::<Request>(json!({"sessionId": "user_123_device_my_device", "recipient": "1234567890@s.whatsapp.net"}));
    Sent::doc(operation, "text").refuses([ApiError::MessageNotFound])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    terms: Terms,
    Json(request): Json<Request>,
) -> Result<Answer<Sent>, ApiError> {
    let to = recipient(&request.recipient)?;
    let sender = match terms.begin(&api, request.session_id.as_deref(), |first| first.forwarded).await? {
        Begun::New(sender) => sender,
        Begun::Repeated(first) => return Sent::of(*first),
    };
    let message = target(&api, &sender.device, &id).await?;
    may_forward(&api, &message).await?;
    let draft = Draft {
        caption: message.caption,
        attachment: message.attachment,
        link_preview: message.link_preview,
        forwarded: true,
        ..Draft::new(to, message.kind, message.content)
    };
    Sent::of(sender.send(&api, draft, request.options.0).await?)
}

async fn may_forward(api: &Api, message: &Message) -> Result<(), ApiError> {
    let whole = match (&message.attachment, message.kind) {
        (Some(Attachment::Media(file)), _) => match file.stored() {
            Some(id) => api.media.keep(&message.device_id, id).await?,
            None => false,
        },
        (None, kind) => !kind.is_media(),
        (Some(_), _) => true,
    };
    let problem = match message.kind {
        _ if message.deleted_at.is_some() => "the message was deleted",
        MessageType::Reaction | MessageType::Vote | MessageType::Other => "messages of this type cannot be forwarded",
        _ if !whole => "the message's file is not there",
        MessageType::Location | MessageType::Contact | MessageType::Poll if message.attachment.is_none() => {
            "the message's content is not there"
        }
        _ => return Ok(()),
    };
    Err(ApiError::invalid("messageId", problem))
}
