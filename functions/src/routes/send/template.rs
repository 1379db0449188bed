//! `POST /send/template`: a template's text, with its variables, to a person, a group or a channel.

use std::sync::Arc;

use axum::extract::State;
use domain::pipeline::Draft;
use serde::Deserialize;

use crate::{
    api::Api,
    error::ApiError,
    extract::Json,
    fields::Object,
    sending::{Answer, Begun, Options, Sent, Terms, Variables, filled, recipient, template},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    session_id: Option<String>,
    recipient: String,
    template: TemplateInput,
    #[serde(default)]
    options: Object<Options>,
}

#[derive(Deserialize)]
struct TemplateInput {
    name: String,
    #[serde(default)]
    variables: Object<Variables>,
}

pub async fn handle(State(api): State<Arc<Api>>, terms: Terms, Json(request): Json<Request>) -> Result<Answer<Sent>, ApiError> {
    let to = recipient(&request.recipient)?;
    let sender = match terms.begin(&api, request.session_id.as_deref()).await? {
        Begun::New(sender) => sender,
        Begun::Repeated(first) => return Sent::of(first),
    };
    let template = template(&api, &sender.device, &request.template.name).await?;
    let text = filled(&template.content, request.template.variables.0, || "template.variables".into())?;
    Sent::of(sender.send(&api, Draft::text(to, text), request.options.0).await?)
}
