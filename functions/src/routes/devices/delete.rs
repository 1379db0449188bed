//! `DELETE /devices/{id}`: unlink the device and delete all there is of it.

use std::{sync::Arc, time::Duration};

use axum::extract::State;
use domain::model::{Command, DeviceId, Outcome};
use serde::Serialize;

use crate::{api::Api, error::ApiError, extract::PathDevice, reply::Success};

/// Unlinking takes a word with WhatsApp, and deleting takes longer the more there is.
const WAIT: Duration = Duration::from_secs(10);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    deleted_device: DeletedDevice,
    cleaned_data: CleanedData,
}

#[derive(Serialize)]
struct DeletedDevice {
    id: DeviceId,
    alias: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CleanedData {
    messages_deleted: u64,
    contacts_deleted: u64,
    sessions_deleted: u64,
}

pub async fn handle(State(api): State<Arc<Api>>, PathDevice(device): PathDevice) -> Result<Success<Response>, ApiError> {
    let command = api.intake.command(&device.id, Command::Remove, true).await?;
    let Some(Outcome::Removed(removed)) = api.intake.outcome(&command, WAIT).await? else {
        // Another request may have been the one that deleted it.
        let left = api.devices.get(&device.id).await?.is_some();
        return Err(if left { ApiError::Timeout } else { ApiError::DeviceNotFound });
    };
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
