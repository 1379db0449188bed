//! `POST /devices/{id}/key`: a new key for the device; the old one is worth nothing from then on.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{ApiKey, DeviceId, DeviceUpdate};
use serde::Serialize;

use crate::{api::Api, error::ApiError, extract::PathDevice, reply::Success};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    device_id: DeviceId,
    api_key: ApiKey,
}

pub async fn handle(State(api): State<Arc<Api>>, PathDevice(device): PathDevice) -> Result<Success<Response>, ApiError> {
    let update = DeviceUpdate { api_key: Some(api.ids.api_key()), ..DeviceUpdate::default() };
    let device = api.devices.update(&device.id, update, api.clock.now()).await?.ok_or(ApiError::DeviceNotFound)?;
    Ok(Success::with("API key renewed", Response { device_id: device.id, api_key: device.api_key }))
}
