//! `GET /send/bulk/{bulkId}`: how far a bulk is, with its messages in its order.

use std::sync::Arc;

use axum::{Extension, extract::State};
use schemars::JsonSchema;
use serde::Serialize;

use super::{BulkMessage, BulkView, find};
use crate::{
    api::Api,
    auth::Caller,
    error::ApiError,
    extract::{Path, Query},
    openapi::Operation,
    reply::Success,
    views::{PageQuery, Pagination},
};
use serde_json::json;

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "BulkWithMessages")]
pub struct Response {
    #[serde(flatten)]
    bulk: BulkView,
    messages: Vec<BulkMessage>,
    pagination: Pagination,
}

pub fn doc() -> Operation {
    let mut example = BulkView::example(None);
    example["data"]["messages"] =
        json!([{"messageId": "msg_1", "recipient": "1234567890@s.whatsapp.net", "status": "delivered", "error": null}]);
    example["data"]["pagination"] = Pagination::example();
    Operation::new("getBulk", "Bulks", "Get a bulk's progress")
        .query::<PageQuery<50>>()
        .answers::<Response>(200, "The bulk with a page of its messages.", example)
        .refuses([ApiError::BulkNotFound])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(page): Query<PageQuery<50>>,
) -> Result<Success<Response>, ApiError> {
    let bulk = find(&api, &caller, &id).await?;
    let request = page.request();
    let (progress, page) = tokio::try_join!(api.bulks.progress(&bulk.id), api.bulks.messages(&bulk.id, &request))?;
    let pagination = Pagination::of(&request, &page);
    let messages = page.items.into_iter().map(BulkMessage::from).collect();
    Ok(Success::of(Response { bulk: BulkView::of(bulk, progress), messages, pagination }))
}
