//! `POST /devices/{id}/disconnect`: take the device off line; it stays linked.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{Command, DeviceId, Status};
use serde::Serialize;

use super::ask;
use crate::{api::Api, error::ApiError, extract::PathDevice, reply::Success};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    device_id: DeviceId,
    status: Status,
}

pub async fn handle(State(api): State<Arc<Api>>, PathDevice(device): PathDevice) -> Result<Success<Response>, ApiError> {
    let (device, answered) = ask(&api, device.id, Command::Disconnect).await?;
    let message = if answered { "Device disconnected" } else { "Disconnection initiated" };
    Ok(Success::with(message, Response { device_id: device.id, status: device.session.status }))
}
