//! `GET /users/{userId}/devices`: a user's devices, oldest first.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{DeviceFilter, Status, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    api::Api,
    error::ApiError,
    extract::{Path, Query},
    reply::Success,
    views::{DeviceItem, PageQuery, Pagination},
};

#[derive(Deserialize)]
pub struct Filter {
    status: Option<Status>,
}

#[derive(Serialize)]
pub struct Response {
    devices: Vec<DeviceItem>,
    pagination: Pagination,
}

pub async fn list(
    State(api): State<Arc<Api>>,
    Path(user): Path<UserId>,
    Query(filter): Query<Filter>,
    Query(page): Query<PageQuery<10>>,
) -> Result<Success<Response>, ApiError> {
    let request = page.request();
    let page = api.devices.list(user, &DeviceFilter { status: filter.status }, &request).await?;
    let pagination = Pagination::of(&request, &page);
    let now = api.clock.now();
    let devices = page.items.into_iter().map(|device| DeviceItem::of(device, now)).collect();
    Ok(Success::of(Response { devices, pagination }))
}
