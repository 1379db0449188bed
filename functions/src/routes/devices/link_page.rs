//! `POST /devices/{id}/link-page`: an address that shows the owner of an account how to link it, without any token.

use std::{sync::Arc, time::Duration};

use axum::{extract::State, http::StatusCode};
use domain::model::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    api::Api,
    auth::link,
    error::ApiError,
    extract::{Json, PathDevice},
    fields::Number,
    openapi::Operation,
    reply::Success,
};

const DAY: u32 = 86_400;

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "MakeLinkPage")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// For how many seconds it is good; a day unless told otherwise.
    expires_in: Option<Number<60, { 7 * DAY }>>,
    /// The page's language; the visitor's unless told otherwise.
    language: Option<Language>,
}

#[derive(Clone, Copy, JsonSchema, Deserialize)]
#[schemars(inline)]
#[serde(rename_all = "lowercase")]
enum Language {
    En,
    Id,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "LinkPage")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    url: String,
    expires_at: Timestamp,
}

pub fn doc() -> Operation {
    Operation::new("makeLinkPage", "Devices", "Make a link page")
        .describe(
            "A page for the owner of the account: it connects the device and shows them the QR code or a pairing code, until the account is \
             linked. Whoever has its address needs no token, and can do nothing else with it. It is worth nothing once it has expired or the \
             device is deleted.",
        )
        .takes::<Request>(json!({"expiresIn": DAY, "language": "id"}))
        .answers::<Response>(
            201,
            "Where the page is.",
            json!({
                "success": true,
                "message": "Link page created",
                "data": {
                    "url": "https://wa.example.com/link/WyIxMjMiLDE3MDQxODk2MDBd.5f3c0e7a?language=id",
                    "expiresAt": "2024-01-02T10:00:00Z",
                },
            }),
        )
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Success<Response>), ApiError> {
    let Number(seconds) = request.expires_in.unwrap_or(Number(DAY));
    let now = api.clock.now();
    let expires_at = now + Duration::from_secs(seconds.into());
    let token = link::seal(&api.config.jwt_secret, &device.id, now, expires_at);
    let language = match request.language {
        Some(Language::En) => "?language=en",
        Some(Language::Id) => "?language=id",
        None => "",
    };
    let url = format!("{}/link/{token}{language}", api.config.public_url);
    Ok((StatusCode::CREATED, Success::with("Link page created", Response { url, expires_at })))
}
