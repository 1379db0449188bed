//! `GET /devices/{id}/qr`: the code to scan. Right after a connect it waits for the first one, so that nobody needs to poll.

use std::{sync::Arc, time::Duration};

use axum::{Extension, extract::State};
use domain::model::{Qr, Session, Status, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{api::Api, auth::Caller, error::ApiError, extract::PathDevice, limits::Limit, openapi::Operation, reply::Success};

const WAIT: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(100);

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "QrCode")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    qr_code: String,
    qr_image: String,
    expires_at: Timestamp,
    status: &'static str,
}

pub fn doc() -> Operation {
    Operation::new("getQrCode", "Devices", "Get the QR code")
        .describe("Right after a connect it waits some seconds for the first code.")
        .answers::<Response>(
            200,
            "The code, as text and as a picture.",
            json!({
                "success": true,
                "data": {
                    "qrCode": "QR_CODE_DATA_HERE",
                    "qrImage": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA...",
                    "expiresAt": "2024-01-01T10:05:00Z",
                    "status": "waiting_for_scan",
                },
            }),
        )
        .refuses([ApiError::InvalidQrCode("connect the device first")])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    PathDevice(mut device): PathDevice,
) -> Result<Success<Response>, ApiError> {
    caller.spend(&api, &device, Limit::Qr).await?;
    let deadline = Instant::now() + WAIT;
    while may_show(&device.session)? && Instant::now() < deadline {
        if let Some(qr) = device.session.qr.take().filter(|qr| api.clock.now() < qr.expires_at) {
            return Ok(Success::of(qr.into()));
        }
        if api.closing.run_until_cancelled(sleep(GLANCE)).await.is_none() {
            break;
        }
        device = api.devices.get(&device.id).await?.ok_or(ApiError::DeviceNotFound)?;
    }
    Err(ApiError::InvalidQrCode("WhatsApp has not given one yet; try again"))
}

/// Whether a code is there or on its way; if not, what to do.
fn may_show(session: &Session) -> Result<bool, ApiError> {
    let hint = match session.status {
        Status::Connecting if !session.is_linked() => return Ok(true),
        Status::Connected => "the device is connected already",
        Status::Connecting => "the device is linked already and about to be connected",
        _ if session.is_linked() => "the device is linked already; connect it, or relogin to link it anew",
        _ if session.reason.as_deref() == Some("qr_expired") => "the last one has expired; connect the device to get a new one",
        _ => "connect the device first",
    };
    Err(ApiError::InvalidQrCode(hint))
}

impl From<Qr> for Response {
    fn from(qr: Qr) -> Self {
        Self { qr_code: qr.code, qr_image: qr.image, expires_at: qr.expires_at, status: "waiting_for_scan" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_last_code_has_expired_the_hint_is_to_connect_again() {
        let session = Session { status: Status::Disconnected, reason: Some("qr_expired".into()), ..Session::new() };
        assert!(may_show(&session).is_err_and(|error| error.to_string().contains("expired")));
        assert!(may_show(&Session::new()).is_err_and(|error| error.to_string().contains("connect the device first")));
    }
}
