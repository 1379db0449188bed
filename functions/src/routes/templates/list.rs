//! `GET /templates`: a user's templates by name; for the operator everybody's, unless they name one.

use std::sync::Arc;

use axum::{Extension, extract::State};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Owner, TemplateView, owner};
use crate::{
    api::Api,
    auth::Caller,
    error::ApiError,
    extract::Query,
    openapi::Operation,
    reply::Success,
    views::{PageQuery, Pagination, empty_page},
};
use serde_json::json;

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Templates")]
pub struct Response {
    templates: Vec<TemplateView>,
    pagination: Pagination,
}

pub fn doc() -> Operation {
    Operation::new("listTemplates", "Templates", "List templates")
        .describe("A user's own; for the operator everybody's, unless they name a user.")
        .query::<Owner>()
        .query::<PageQuery<50>>()
        .answers::<Response>(
            200,
            "A page of templates, by name.",
            json!({"success": true, "data": {"templates": [TemplateView::example()], "pagination": Pagination::example()}}),
        )
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Query(of): Query<Owner>,
    Query(page): Query<PageQuery<50>>,
) -> Result<Success<Response>, ApiError> {
    let request = page.request();
    let page = if of.user_id.is_none() && caller.user().is_none() {
        api.templates.list(None, &request).await?
    } else {
        match owner(&caller, of.user_id) {
            Some(owner) => api.templates.list(Some(owner), &request).await?,
            None => empty_page(),
        }
    };
    let pagination = Pagination::of(&request, &page);
    let templates = page.items.into_iter().map(TemplateView::from).collect();
    Ok(Success::of(Response { templates, pagination }))
}
