//! `POST /phones/{number}/scan`: links the companion that shows the QR code.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;

use super::find;
use crate::control::ControlError;
use crate::control::error::{Body, Path};
use crate::pairing::{self, Linked};
use crate::world::World;

#[derive(Deserialize)]
pub struct Scan {
    qr: String,
}

/// What became of it: a device, or 202 if the companion has to confirm with a passkey first.
pub fn told(linked: Linked) -> Response {
    match linked {
        Linked::Device(device) => Json(json!({ "device": device })).into_response(),
        Linked::PasskeyAwaited => (StatusCode::ACCEPTED, Json(json!({ "passkey": "required" }))).into_response(),
    }
}

pub async fn scan(State(world): State<Arc<World>>, Path(number): Path<String>, Body(scan): Body<Scan>) -> Result<Response, ControlError> {
    let account = find(&world, &number)?;
    Ok(told(pairing::scan(&world, &account, &scan.qr).await?))
}
