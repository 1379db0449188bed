//! `GET /templates/{name}`: a template.

use std::sync::Arc;

use axum::{Extension, extract::State};

use super::{Owner, Response, owner};
use crate::{
    api::Api,
    auth::Caller,
    error::ApiError,
    extract::{Path, Query},
    openapi::Operation,
    reply::Success,
};

pub fn doc() -> Operation {
    Operation::new("getTemplate", "Templates", "Get a template")
        .query::<Owner>()
        .answers::<Response>(200, "The template.", Response::example(None))
        .refuses([ApiError::TemplateNotFound])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(of): Query<Owner>,
) -> Result<Success<Response>, ApiError> {
    let owner = owner(&caller, of.user_id).ok_or(ApiError::TemplateNotFound)?;
    let template = api.templates.get(owner, &name).await?.ok_or(ApiError::TemplateNotFound)?;
    Ok(Success::of(template.into()))
}
