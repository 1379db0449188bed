//! `POST /send/template`: a template's text, with its variables, to a person, a group or a channel.

use std::sync::Arc;

use axum::extract::State;
use domain::{model::MessageType, pipeline::Draft};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    api::Api,
    error::ApiError,
    extract::Json,
    fields::Object,
    openapi::Operation,
    sending::{Answer, Begun, Options, Sent, Terms, Variables, filled, recipient, template},
};
use serde_json::json;

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "SendTemplate")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    session_id: Option<String>,
    recipient: String,
    template: TemplateInput,
    #[serde(default)]
    options: Object<Options>,
}

#[derive(JsonSchema, Deserialize)]
struct TemplateInput {
    name: String,
    #[serde(default)]
    variables: Object<Variables>,
}

pub fn doc() -> Operation {
    let operation = Operation::new("sendTemplate", "Messaging", "Send a template message").sends().takes::<Request>(json!({
        "sessionId": "user_123_device_my_device",
        "recipient": "1234567890@s.whatsapp.net",
        "template": {
            "name": "welcome_message",
            "variables": {"customer_name": "John Doe", "order_id": "12345", "amount": "$99.99"},
        },
    }));
    Sent::doc(operation, "text").refuses([ApiError::TemplateNotFound])
}

pub async fn handle(State(api): State<Arc<Api>>, terms: Terms, Json(request): Json<Request>) -> Result<Answer<Sent>, ApiError> {
    let to = recipient(&request.recipient)?;
    let sender = match terms.begin(&api, request.session_id.as_deref(), |first| first.kind == MessageType::Text).await? {
        Begun::New(sender) => sender,
        Begun::Repeated(first) => return Sent::of(*first),
    };
    let template = template(&api, &sender.device, &request.template.name).await?;
    let text = filled(&template.content, request.template.variables.0, || "template.variables".into())?;
    Sent::of(sender.send(&api, Draft::text(to, text), request.options.0).await?)
}
