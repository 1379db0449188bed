//! `/devices`

pub mod chats;
pub mod connect;
pub mod contacts;
pub mod create;
pub mod delete;
pub mod deliveries;
pub mod disconnect;
pub mod get;
pub mod groups;
pub mod key;
pub mod link_page;
pub mod list;
pub mod messages;
pub mod pairing_code;
pub mod passkey;
pub mod qr;
pub mod read;
pub mod relogin;
pub mod settings;
pub mod typing;
pub mod update;

use domain::model::{Command, Device, DeviceId, Status};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{api::Api, auth::Caller, error::ApiError, fields::Text};

type Alias = Text<1, 100>;
type Description = Text<0, 1000>;

/// How a device fares after it was asked to connect.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connecting {
    device_id: DeviceId,
    status: Status,
    qr_required: bool,
    ws_endpoint: String,
}

impl Connecting {
    fn example(message: &str) -> Value {
        json!({
            "success": true,
            "message": message,
            "data": {"deviceId": "123", "status": "connecting", "qrRequired": true, "wsEndpoint": "ws://localhost:3001?token=your_token"},
        })
    }
}

/// Asks a device to connect, one way or another.
async fn bring_up(api: &Api, caller: &Caller, device: Device, command: Command) -> Result<Connecting, ApiError> {
    let (device, answered) = ask(api, device.id, command).await?;
    // A host that has not answered has the command and will connect.
    let status = if answered || device.session.status == Status::Connected { device.session.status } else { Status::Connecting };
    let qr_required = !device.session.is_linked();
    Ok(Connecting { device_id: device.id, status, qr_required, ws_endpoint: caller.ws_endpoint(api) })
}

/// Has a host do something with a device's session and tells how the device is then, and whether the host answered in time.
pub async fn ask(api: &Api, id: DeviceId, command: Command) -> Result<(Device, bool), ApiError> {
    let command = api.intake.command(&id, command, true).await?;
    let answered = api.intake.outcome(&command, api.config.send_wait).await?.is_some();
    let device = api.devices.get(&id).await?.ok_or(ApiError::DeviceNotFound)?;
    Ok((device, answered))
}
