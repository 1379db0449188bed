//! `POST /devices/{id}/pairing-code`: link by a code that is typed into the phone, in place of a scan.

use std::sync::Arc;

use axum::{Extension, extract::State};
use domain::model::{Command, Device, Jid, Outcome, PairingCode, Server, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    api::Api,
    auth::Caller,
    contact,
    error::ApiError,
    extract::{Json, PathDevice},
    host,
    limits::Limit,
    openapi::Operation,
    reply::Success,
};
use serde_json::json;

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "AskPairingCode")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The phone's number in international format.
    phone_number: String,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "PairingCode")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    pairing_code: String,
    phone_number: String,
    expires_at: Timestamp,
}

const LINKED: ApiError = ApiError::Conflict("the device is linked already; relogin to link it anew");

pub fn doc() -> Operation {
    Operation::new("getPairingCode", "Devices", "Get a pairing code")
        .describe(
            "A code that is typed into the phone with this number (Linked devices, Link with phone number), in place of scanning a QR \
             code. Connects the device if need be.",
        )
        .takes::<Request>(json!({"phoneNumber": "+1234567890"}))
        .answers::<Response>(
            200,
            "The code.",
            json!({
                "success": true,
                "data": {"pairingCode": "ABCD-EFGH", "phoneNumber": "+1234567890", "expiresAt": "2024-01-01T10:03:00Z"},
            }),
        )
        .asks_whatsapp()
        .refuses([ApiError::InvalidPhoneNumber, LINKED])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    PathDevice(device): PathDevice,
    Json(request): Json<Request>,
) -> Result<Success<Response>, ApiError> {
    let phone = request.phone()?;
    caller.spend(&api, &device, Limit::Qr).await?;
    code(&api, &device, phone).await.map(Success::of)
}

/// A code for the phone with this number.
pub async fn code(api: &Api, device: &Device, phone: Jid) -> Result<Response, ApiError> {
    if device.session.is_linked() {
        return Err(LINKED);
    }
    match host::ask(api, &device.id, Command::PairingCode { phone }).await? {
        Outcome::PairingCode(code) => Ok(code.into()),
        other => Err(host::unexpected(&other)),
    }
}

impl Request {
    /// The phone that takes the code.
    pub fn phone(&self) -> Result<Jid, ApiError> {
        let phone = contact::parse("phoneNumber", &self.phone_number)?;
        if phone.server() == Server::Phone {
            Ok(phone)
        } else {
            Err(ApiError::InvalidContact { details: "phoneNumber: not a phone number".into() })
        }
    }
}

impl From<PairingCode> for Response {
    fn from(code: PairingCode) -> Self {
        Self { pairing_code: code.code, phone_number: code.phone.to_contact(), expires_at: code.expires_at }
    }
}
