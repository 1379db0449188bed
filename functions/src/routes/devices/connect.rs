//! `POST /devices/{id}/connect`: bring the device on line.

use std::sync::Arc;

use axum::{Extension, extract::State};
use domain::model::Command;

use super::{Connecting, bring_up};
use crate::{api::Api, auth::Caller, error::ApiError, extract::PathDevice, openapi::Operation, reply::Success};

pub fn doc() -> Operation {
    Operation::new("connectDevice", "Devices", "Connect a device")
        .describe("A device that is not linked yet shows QR codes from then on: by event, and at `/devices/{id}/qr`.")
        .answers::<Connecting>(200, "How the device fares.", Connecting::example("Connection initiated"))
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    PathDevice(device): PathDevice,
) -> Result<Success<Connecting>, ApiError> {
    let connecting = bring_up(&api, &caller, device, Command::Connect).await?;
    Ok(Success::with("Connection initiated", connecting))
}
