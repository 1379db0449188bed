//! `POST /devices/{id}/key`: a new key for the device; the old one is worth nothing from then on.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{ApiKey, DeviceId, DeviceUpdate};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{api::Api, error::ApiError, extract::PathDevice, openapi::Operation, reply::Success};
use serde_json::json;

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "RenewedKey")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    device_id: DeviceId,
    api_key: ApiKey,
}

pub fn doc() -> Operation {
    Operation::new("renewDeviceKey", "Devices", "Rotate a device's API key")
        .describe("The old key is worth nothing from then on.")
        .answers::<Response>(
            200,
            "The new key.",
            json!({"success": true, "message": "API key renewed", "data": {"deviceId": "123", "apiKey": "device_api_key_here"}}),
        )
}

pub async fn handle(State(api): State<Arc<Api>>, PathDevice(device): PathDevice) -> Result<Success<Response>, ApiError> {
    let update = DeviceUpdate { api_key: Some(api.ids.api_key()), ..DeviceUpdate::default() };
    let device = api.devices.update(&device.id, update, api.clock.now()).await?.ok_or(ApiError::DeviceNotFound)?;
    Ok(Success::with("API key renewed", Response { device_id: device.id, api_key: device.api_key }))
}
