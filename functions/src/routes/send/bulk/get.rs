//! `GET /send/bulk/{bulkId}`: how far a bulk is, with its messages in its order.

use std::sync::Arc;

use axum::{Extension, extract::State};
use serde::Serialize;

use super::{BulkMessage, BulkView, find};
use crate::{
    api::Api,
    auth::Caller,
    error::ApiError,
    extract::{Path, Query},
    reply::Success,
    views::{PageQuery, Pagination},
};

#[derive(Serialize)]
pub struct Response {
    #[serde(flatten)]
    bulk: BulkView,
    messages: Vec<BulkMessage>,
    pagination: Pagination,
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
