//! `GET /devices/{id}`: everything there is to say of a device.

use std::sync::Arc;

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{api::Api, extract::PathDevice, openapi::Operation, reply::Success, views::DeviceView};
use serde_json::json;

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "OneDevice")]
pub struct Response {
    device: DeviceView,
}

pub fn doc() -> Operation {
    Operation::new("getDevice", "Devices", "Get a device").answers::<Response>(
        200,
        "Everything there is to say of the device.",
        json!({"success": true, "data": {"device": DeviceView::example()}}),
    )
}

pub async fn handle(State(api): State<Arc<Api>>, PathDevice(device): PathDevice) -> Success<Response> {
    Success::of(Response { device: DeviceView::of(device, api.clock.now()) })
}
