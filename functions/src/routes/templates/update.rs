//! `PUT /templates/{name}`: a new text for a template.

use std::sync::Arc;

use axum::{Extension, extract::State};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Content, Owner, Response, owner};
use crate::{
    api::Api,
    auth::Caller,
    error::ApiError,
    extract::{Json, Path, Query},
    openapi::Operation,
    reply::Success,
};
use serde_json::json;

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "UpdateTemplate")]
pub struct Request {
    content: Content,
}

pub fn doc() -> Operation {
    Operation::new("updateTemplate", "Templates", "Update a template")
        .query::<Owner>()
        .takes::<Request>(json!({"content": "Hello {{customer_name}}, thank you for order {{order_id}}."}))
        .answers::<Response>(200, "The template as it is now.", Response::example(Some("Template updated successfully")))
        .refuses([ApiError::TemplateNotFound])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(of): Query<Owner>,
    Json(request): Json<Request>,
) -> Result<Success<Response>, ApiError> {
    let owner = owner(&caller, of.user_id).ok_or(ApiError::TemplateNotFound)?;
    let template = api.templates.update(owner, &name, &request.content.0, api.clock.now()).await?.ok_or(ApiError::TemplateNotFound)?;
    Ok(Success::with("Template updated successfully", template.into()))
}
