//! `GET /users/{userId}/devices`: a user's devices, oldest first.

use std::sync::Arc;

use axum::{Extension, extract::State};
use domain::model::{DeviceFilter, Status, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    api::Api,
    auth::Caller,
    error::ApiError,
    extract::{Path, Query},
    reply::Success,
    views::{DeviceItem, PageQuery, Pagination, empty_page},
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
    Extension(caller): Extension<Caller>,
    Path(user): Path<UserId>,
    Query(filter): Query<Filter>,
    Query(page): Query<PageQuery<10>>,
) -> Result<Success<Response>, ApiError> {
    let request = page.request();
    let page = if caller.may_see_user(user) {
        api.devices.list(user, &DeviceFilter { status: filter.status }, &request).await?
    } else {
        empty_page()
    };
    let pagination = Pagination::of(&request, &page);
    let now = api.clock.now();
    let devices = page.items.into_iter().map(|device| DeviceItem::of(device, now)).collect();
    Ok(Success::of(Response { devices, pagination }))
}
