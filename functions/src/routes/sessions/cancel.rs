//! `POST /sessions/{sessionId}/cancel`: take a device off line, or have it wait no longer to be linked.

use std::sync::Arc;

use axum::{Extension, extract::State};
use domain::model::{Command, DeviceId, SessionId, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{api::Api, auth::Caller, error::ApiError, extract::Path, openapi::Operation, reply::Success, routes::devices::ask};
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    session_id: String,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "CancelledSession")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    session_id: SessionId,
    device_id: DeviceId,
    status: Status,
}

pub fn doc() -> Operation {
    let data = json!({"sessionId": "user_123_device_my_device", "deviceId": "123", "status": "disconnected"});
    Operation::new("cancelSession", "Sessions", "Cancel a session")
        .describe("Takes the device off line, which stays linked, or ends the wait for a scan or a code.")
        .refuses([ApiError::DeviceNotFound])
        .answers::<Response>(200, "How the device fares.", json!({"success": true, "message": "Session cancelled", "data": data}))
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Path(Named { session_id }): Path<Named>,
) -> Result<Success<Response>, ApiError> {
    let device = caller.session(&api, &session_id).await?;
    let (device, answered) = ask(&api, device.id, Command::Disconnect).await?;
    let message = if answered { "Session cancelled" } else { "Cancellation initiated" };
    Ok(Success::with(message, Response { session_id: device.session_id, device_id: device.id, status: device.session.status }))
}
