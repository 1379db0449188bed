//! `POST /devices/{id}/disconnect`: take the device off line; it stays linked.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{Command, DeviceId, Status};
use schemars::JsonSchema;
use serde::Serialize;

use super::ask;
use crate::{api::Api, error::ApiError, extract::PathDevice, openapi::Operation, reply::Success};
use serde_json::json;

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Disconnected")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    device_id: DeviceId,
    status: Status,
}

pub fn doc() -> Operation {
    Operation::new("disconnectDevice", "Devices", "Disconnect a device").describe("The device stays linked.").answers::<Response>(
        200,
        "How the device fares.",
        json!({"success": true, "message": "Device disconnected", "data": {"deviceId": "123", "status": "disconnected"}}),
    )
}

pub async fn handle(State(api): State<Arc<Api>>, PathDevice(device): PathDevice) -> Result<Success<Response>, ApiError> {
    let (device, answered) = ask(&api, device.id, Command::Disconnect).await?;
    let message = if answered { "Device disconnected" } else { "Disconnection initiated" };
    Ok(Success::with(message, Response { device_id: device.id, status: device.session.status }))
}
