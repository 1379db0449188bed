//! `POST /devices/{id}/relogin`: unlink the device and link it anew.

use std::sync::Arc;

use axum::{Extension, extract::State};
use domain::model::Command;

use super::{Connecting, bring_up};
use crate::{api::Api, auth::Caller, error::ApiError, extract::PathDevice, openapi::Operation, reply::Success};

pub fn doc() -> Operation {
    Operation::new("reloginDevice", "Devices", "Relogin a device")
        .describe("Unlinks the device and connects it again.")
        .answers::<Connecting>(200, "How the device fares.", Connecting::example("Relogin initiated"))
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    PathDevice(device): PathDevice,
) -> Result<Success<Connecting>, ApiError> {
    let connecting = bring_up(&api, &caller, device, Command::Relogin).await?;
    Ok(Success::with("Relogin initiated", connecting))
}
