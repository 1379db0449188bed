//! `GET /devices`: all devices the caller may see, oldest first.

use std::sync::Arc;

use crate::{
    api::Api,
    auth::Caller,
    error::ApiError,
    extract::Query,
    openapi::Operation,
    reply::Success,
    routes::users::devices::{Filter, Response},
    views::{DeviceItem, PageQuery, Pagination},
};
use axum::{Extension, extract::State};
use domain::model::DeviceFilter;
use serde_json::json;

pub fn doc() -> Operation {
    Operation::new("listDevices", "Devices", "List devices")
        .describe("Everybody's for the operator, their own for a user.")
        .query::<Filter>()
        .query::<PageQuery<10>>()
        .answers::<Response>(
            200,
            "A page of the devices, oldest first.",
            json!({
                "success": true,
                "data": {"devices": [DeviceItem::example()], "pagination": Pagination::example()},
            }),
        )
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Query(filter): Query<Filter>,
    Query(page): Query<PageQuery<10>>,
) -> Result<Success<Response>, ApiError> {
    let request = page.request();
    let page = api.devices.list(caller.user(), &DeviceFilter { status: filter.status }, &request).await?;
    Ok(Success::of(Response::of(&api, &request, page)))
}
