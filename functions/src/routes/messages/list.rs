//! `GET /messages`: the messages there are, newest first.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{DeviceId, MessageFilter, MessageId};
use serde::{Deserialize, Serialize};

use crate::{
    api::Api,
    error::ApiError,
    extract::Query,
    reply::Success,
    views::{MessageView, PageQuery, Pagination},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Filter {
    message_id: Option<MessageId>,
    device_id: Option<DeviceId>,
}

#[derive(Serialize)]
pub struct Response {
    messages: Vec<MessageView>,
    pagination: Pagination,
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Query(filter): Query<Filter>,
    Query(page): Query<PageQuery<50>>,
) -> Result<Success<Response>, ApiError> {
    let request = page.request();
    let filter = MessageFilter { device: filter.device_id, id: filter.message_id, ..MessageFilter::default() };
    let page = api.messages.list(&filter, &request).await?;
    let pagination = Pagination::of(&request, &page);
    let messages = MessageView::all(&api, page.items).await?;
    Ok(Success::of(Response { messages, pagination }))
}
