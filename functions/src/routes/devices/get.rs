//! `GET /devices/{id}`: everything there is to say of a device.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;

use crate::{api::Api, extract::PathDevice, reply::Success, views::DeviceView};

#[derive(Serialize)]
pub struct Response {
    device: DeviceView,
}

pub async fn handle(State(api): State<Arc<Api>>, PathDevice(device): PathDevice) -> Success<Response> {
    Success::of(Response { device: DeviceView::of(device, api.clock.now()) })
}
