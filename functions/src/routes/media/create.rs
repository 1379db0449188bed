//! `POST /media`: a place to put a file that is to be sent.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{extract::State, http::StatusCode};
use domain::model::{MediaId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    api::Api,
    error::ApiError,
    extract::Json,
    fields::Text,
    files::{given_name, named},
    openapi::Operation,
    reply::Success,
    sending::Terms,
};
use serde_json::json;

/// How long the place waits for the file.
const GOOD: Duration = Duration::from_secs(3600);

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "CreateUpload")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    session_id: Option<String>,
    /// What the file is called wherever it is sent without another name.
    file_name: Option<Text<1, 1000>>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Upload")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    media_id: MediaId,
    upload_url: String,
    method: &'static str,
    headers: BTreeMap<String, String>,
    expires_at: Timestamp,
    max_file_size: u64,
}

pub fn doc() -> Operation {
    Operation::new("createUpload", "Media", "Create an upload ticket")
        .describe("Put the file at `uploadUrl` with the given method and headers, then send it by its `mediaId`.")
        .by_session()
        .takes::<Request>(json!({"sessionId": "user_123_device_my_device", "fileName": "document.pdf"}))
        .answers::<Response>(
            201,
            "Where to put the file.",
            json!({
                "success": true,
                "message": "Put the file at uploadUrl, then send its mediaId",
                "data": {
                    "mediaId": "med_123456789",
                    "uploadUrl": "http://localhost:3000/api/whatsapp/media/123/med_123456789?expires=1704106800&max=10485760&signature=…",
                    "method": "PUT",
                    "headers": {},
                    "expiresAt": "2024-01-01T11:00:00Z",
                    "maxFileSize": 10_485_760,
                },
            }),
        )
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    terms: Terms,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Success<Response>), ApiError> {
    let name = request.file_name.map(|Text(name)| given_name(&name)).transpose()?;
    let device = terms.taker(&api, request.session_id.as_deref()).await?;
    let id = api.ids.media();
    let media_id = match name {
        Some(name) => named(id, &name),
        None => id,
    };
    let (expires_at, max_file_size) = (api.clock.now() + GOOD, api.config.max_file_bytes);
    let ticket = api.media.ticket(&device.id, &media_id, expires_at, max_file_size).await?;
    let headers = ticket.headers.into_iter().collect();
    let response = Response { media_id, upload_url: ticket.url, method: "PUT", headers, expires_at, max_file_size };
    Ok((StatusCode::CREATED, Success::with("Put the file at uploadUrl, then send its mediaId", response)))
}
