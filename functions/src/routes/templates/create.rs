//! `POST /templates`: a new template, for everyone or for one user.

use std::sync::Arc;

use axum::{Extension, extract::State, http::StatusCode};
use domain::model::{Template, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Content, Response, TemplateName, owner};
use crate::{api::Api, auth::Caller, error::ApiError, extract::Json, openapi::Operation, reply::Success};
use serde_json::json;

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "CreateTemplate")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    name: TemplateName,
    content: Content,
    /// Everyone's if the operator leaves it out.
    user_id: Option<UserId>,
}

pub fn doc() -> Operation {
    Operation::new("createTemplate", "Templates", "Create a template")
        .takes::<Request>(json!({"name": "welcome_message", "content": "Hello {{customer_name}}, thank you for order {{order_id}}."}))
        .answers::<Response>(201, "The new template.", Response::example(Some("Template created successfully")))
        .refuses([ApiError::Forbidden(""), ApiError::TemplateAlreadyExists])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Success<Response>), ApiError> {
    let now = api.clock.now();
    let template = Template {
        owner: owner(&caller, request.user_id).ok_or(ApiError::Forbidden("the token is another user's"))?,
        name: request.name.0,
        content: request.content.0,
        created_at: now,
        updated_at: now,
    };
    if !api.templates.create(&template).await? {
        return Err(ApiError::TemplateAlreadyExists);
    }
    Ok((StatusCode::CREATED, Success::with("Template created successfully", template.into())))
}
