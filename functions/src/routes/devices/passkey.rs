//! `GET` and `POST /devices/{id}/passkey`, `POST …/passkey/confirm`: linking an account that has to confirm it with its passkey.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{Command, Device, DeviceId, Passkey, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    api::Api,
    error::ApiError,
    extract::{Json, PathDevice},
    host,
    openapi::Operation,
    reply::Success,
};

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Passkey")]
pub struct Response {
    /// WebAuthn's `PublicKeyCredentialRequestOptions`.
    request: Value,
    /// Once the passkey has answered: what the phone shows too.
    code: Option<String>,
}

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "AnswerPasskey")]
pub struct Answer {
    /// The WebAuthn assertion.
    #[schemars(extend("minProperties" = 1))]
    assertion: Map<String, Value>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Linking")]
#[serde(rename_all = "camelCase")]
pub struct Linking {
    device_id: DeviceId,
    status: Status,
}

pub fn get_doc() -> Operation {
    let request = json!({"challenge": "dGhlIGNoYWxsZW5nZQ", "rpId": "whatsapp.com", "userVerification": "required"});
    Operation::new("getPasskey", "Devices", "Get what linking asks of the passkey")
        .describe("Some accounts confirm a new device with their passkey, after the scan or the code. Linking waits for that.")
        .answers::<Response>(200, "What the passkey is asked.", json!({"success": true, "data": {"request": request, "code": null}}))
        .refuses([NO_PASSKEY])
}

pub fn answer_doc() -> Operation {
    let signed = json!({"authenticatorData": "...", "clientDataJSON": "...", "signature": "..."});
    let assertion = json!({"id": "dGhlIGtleQ", "rawId": "dGhlIGtleQ", "type": "public-key", "response": signed});
    let operation =
        Operation::new("answerPasskey", "Devices", "Hand in the passkey's answer").takes::<Answer>(json!({"assertion": assertion}));
    Linking::doc(operation, "Answer handed in")
}

pub fn confirm_doc() -> Operation {
    let operation = Operation::new("confirmPasskey", "Devices", "Confirm that the phone shows the same code");
    Linking::doc(operation, "Linking confirmed").refuses([UNANSWERED])
}

const NO_PASSKEY: ApiError = ApiError::Missing("Linking does not wait for a passkey");
const UNANSWERED: ApiError = ApiError::Conflict("the passkey has not answered yet");

pub async fn get(PathDevice(device): PathDevice) -> Result<Success<Response>, ApiError> {
    let Passkey { request, code } = waiting(device)?.1;
    let request = serde_json::from_str(&request).map_err(|error| ApiError::Internal(error.into()))?;
    Ok(Success::of(Response { request, code }))
}

pub async fn answer(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Json(answer): Json<Answer>,
) -> Result<Success<Linking>, ApiError> {
    if answer.assertion.is_empty() {
        return Err(ApiError::invalid("assertion", "expected a WebAuthn assertion"));
    }
    let (id, _) = waiting(device)?;
    let command = Command::AnswerPasskey { assertion: Value::Object(answer.assertion).to_string() };
    go_on(&api, id, command).await.map(|linking| Success::with("Answer handed in", linking))
}

pub async fn confirm(State(api): State<Arc<Api>>, PathDevice(device): PathDevice) -> Result<Success<Linking>, ApiError> {
    let (id, passkey) = waiting(device)?;
    if passkey.code.is_none() {
        return Err(UNANSWERED);
    }
    go_on(&api, id, Command::ConfirmPasskey).await.map(|linking| Success::with("Linking confirmed", linking))
}

/// What linking waits for, if it waits for a passkey.
fn waiting(device: Device) -> Result<(DeviceId, Passkey), ApiError> {
    let passkey = device.session.passkey.ok_or(NO_PASSKEY)?;
    Ok((device.id, passkey))
}

async fn go_on(api: &Api, device_id: DeviceId, command: Command) -> Result<Linking, ApiError> {
    host::ask(api, &device_id, command).await?;
    let device = api.devices.get(&device_id).await?.ok_or(ApiError::DeviceNotFound)?;
    Ok(Linking { device_id, status: device.session.status })
}

impl Linking {
    fn doc(operation: Operation, message: &str) -> Operation {
        operation.asks_whatsapp().refuses([NO_PASSKEY]).answers::<Self>(
            200,
            "How the device fares.",
            json!({"success": true, "message": message, "data": {"deviceId": "123", "status": "connecting"}}),
        )
    }
}
