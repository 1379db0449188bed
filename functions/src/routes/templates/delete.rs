//! `DELETE /templates/{name}`: a template goes.

use std::sync::Arc;

use axum::{Extension, extract::State};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Owner, owner};
use crate::{
    api::Api,
    auth::Caller,
    error::ApiError,
    extract::{Path, Query},
    openapi::Operation,
    reply::Success,
};
use serde_json::json;

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "DeletedTemplateData")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    deleted_template: DeletedTemplate,
}

#[derive(JsonSchema, Serialize)]
struct DeletedTemplate {
    name: String,
}

pub fn doc() -> Operation {
    Operation::new("deleteTemplate", "Templates", "Delete a template")
        .query::<Owner>()
        .answers::<Response>(
            200,
            "What was deleted.",
            json!({
                "success": true,
                "message": "Template deleted successfully",
                "data": {"deletedTemplate": {"name": "welcome_message"}},
            }),
        )
        .refuses([ApiError::TemplateNotFound])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(of): Query<Owner>,
) -> Result<Success<Response>, ApiError> {
    let owner = owner(&caller, of.user_id).ok_or(ApiError::TemplateNotFound)?;
    if !api.templates.delete(owner, &name).await? {
        return Err(ApiError::TemplateNotFound);
    }
    Ok(Success::with("Template deleted successfully", Response { deleted_template: DeletedTemplate { name } }))
}
