//! `GET /users/{userId}/devices`: a user's devices, oldest first.

use std::sync::Arc;

use axum::{Extension, extract::State};
use domain::model::{Device, DeviceFilter, Page, PageRequest, Status, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    api::Api,
    auth::Caller,
    error::ApiError,
    extract::{Path, Query},
    openapi::Operation,
    reply::Success,
    views::{DeviceItem, PageQuery, Pagination, empty_page},
};
use serde_json::json;

#[derive(JsonSchema, Deserialize)]
pub struct Filter {
    pub status: Option<Status>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Devices")]
pub struct Response {
    devices: Vec<DeviceItem>,
    pagination: Pagination,
}

pub fn doc() -> Operation {
    Operation::new("listUserDevices", "Devices", "List a user's devices").query::<Filter>().query::<PageQuery<10>>().answers::<Response>(
        200,
        "A page of the user's devices, oldest first.",
        json!({
            "success": true,
            "data": {"devices": [DeviceItem::example()], "pagination": Pagination::example()},
        }),
    )
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
        api.devices.list(Some(user), &DeviceFilter { status: filter.status }, &request).await?
    } else {
        empty_page()
    };
    Ok(Success::of(Response::of(&api, &request, page)))
}

impl Response {
    /// A page as it was found.
    pub fn of(api: &Api, request: &PageRequest, page: Page<Device>) -> Self {
        let pagination = Pagination::of(request, &page);
        let now = api.clock.now();
        Self { devices: page.items.into_iter().map(|device| DeviceItem::of(device, now)).collect(), pagination }
    }
}
