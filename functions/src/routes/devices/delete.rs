//! `DELETE /devices/{id}`: unlink the device and delete all there is of it.

use std::{sync::Arc, time::Duration};

use axum::extract::State;
use domain::model::{Command, CommandId, DeviceId, Outcome, Removed};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use crate::{api::Api, error::ApiError, extract::PathDevice, openapi::Operation, reply::Success};

/// Unlinking takes a word with WhatsApp, and deleting takes longer the more there is.
const WAIT: Duration = Duration::from_secs(10);
/// How often to look whether another request was the one that deleted it.
const GLANCE: Duration = Duration::from_millis(250);

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "DeletedDeviceData")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    deleted_device: DeletedDevice,
    cleaned_data: CleanedData,
}

#[derive(JsonSchema, Serialize)]
struct DeletedDevice {
    id: DeviceId,
    alias: String,
}

#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
struct CleanedData {
    messages_deleted: u64,
    contacts_deleted: u64,
    sessions_deleted: u64,
}

pub fn doc() -> Operation {
    Operation::new("deleteDevice", "Devices", "Delete a device")
        .describe("Unlinks it from WhatsApp and deletes all there is of it.")
        .answers::<Response>(
            200,
            "What was deleted.",
            json!({
                "success": true,
                "message": "Device deleted successfully",
                "data": {
                    "deletedDevice": {"id": "123", "alias": "My WhatsApp Device"},
                    "cleanedData": {"messagesDeleted": 150, "contactsDeleted": 45, "sessionsDeleted": 1},
                },
            }),
        )
        .refuses([ApiError::Timeout])
}

pub async fn handle(State(api): State<Arc<Api>>, PathDevice(device): PathDevice) -> Result<Success<Response>, ApiError> {
    let command = api.intake.command(&device.id, Command::Remove, true).await?;
    let removed = outcome(&api, &device.id, &command).await?;
    let response = Response {
        deleted_device: DeletedDevice { id: device.id, alias: device.alias },
        cleaned_data: CleanedData {
            messages_deleted: removed.messages,
            contacts_deleted: removed.contacts,
            sessions_deleted: removed.sessions,
        },
    };
    Ok(Success::with("Device deleted successfully", response))
}

/// What was deleted. Of several requests that delete one device, one gets the outcome and the others find it gone.
async fn outcome(api: &Api, device: &DeviceId, command: &CommandId) -> Result<Removed, ApiError> {
    let deadline = Instant::now() + WAIT;
    let mut gone = false;
    loop {
        match api.intake.outcome(command, GLANCE).await? {
            Some(Outcome::Removed(removed)) => return Ok(removed),
            Some(_) => return Err(ApiError::DeviceNotFound),
            // The outcome follows the deletion at once: by now it would be here.
            None if gone => return Err(ApiError::DeviceNotFound),
            None if Instant::now() >= deadline => return Err(ApiError::Timeout),
            None => gone = api.devices.get(device).await?.is_none(),
        }
    }
}
