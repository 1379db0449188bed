//! `POST /templates`: a new template, for everyone or for one user.

use std::sync::Arc;

use axum::{Extension, extract::State, http::StatusCode};
use domain::model::{Template, UserId};
use serde::Deserialize;

use super::{Content, Response, TemplateName, owner};
use crate::{api::Api, auth::Caller, error::ApiError, extract::Json, reply::Success};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    name: TemplateName,
    content: Content,
    /// Everyone's if the operator leaves it out.
    user_id: Option<UserId>,
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Success<Response>), ApiError> {
    let now = api.clock.now();
    let template = Template {
        owner: owner(&caller, request.user_id).ok_or(ApiError::Forbidden)?,
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
