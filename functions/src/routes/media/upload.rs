//! `PUT /media/{deviceId}/{mediaId}`: a file, put at the place that was made for it. The link is all the permission there is.

use std::{collections::BTreeMap, io, sync::Arc};

use axum::{
    extract::{Request, State},
    http::header::CONTENT_TYPE,
};
use domain::model::{DeviceId, MediaId};
use futures::TryStreamExt;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Link, check};
use crate::{
    api::Api,
    error::ApiError,
    extract::{Path, Query},
    files::{Origin, promised, receive},
    openapi::Operation,
    reply::Success,
};
use serde_json::json;

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "StoredFile")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    media_id: MediaId,
    file_size: u64,
    mime_type: String,
}

pub fn doc() -> Operation {
    Operation::new("uploadFile", "Media", "Upload a file")
        .describe("Follow `uploadUrl` as it is: it is all the permission there is, and good for one file and an hour.")
        .open()
        .query::<Link>()
        .takes_bytes()
        .answers::<Response>(
            200,
            "The file is there.",
            json!({
                "success": true,
                "message": "File stored",
                "data": {"mediaId": "med_123456789", "fileSize": 1_024_000, "mimeType": "image/jpeg"},
            }),
        )
        .refuses([ApiError::Forbidden(""), ApiError::MediaNotFound, ApiError::Internal("".into())])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Path((device, id)): Path<(DeviceId, MediaId)>,
    Query(query): Query<BTreeMap<String, String>>,
    request: Request,
) -> Result<Success<Response>, ApiError> {
    check(&api, "PUT", &device, &id, &query)?;
    // A device may be gone while its links are still good.
    api.devices.get(&device).await?.ok_or(ApiError::MediaNotFound)?;
    let allowed = query.get("max").and_then(|max| max.parse().ok()).unwrap_or(0);
    let max_bytes = api.config.max_file_bytes.min(allowed);
    promised(request.headers(), max_bytes, 0)?;
    let said = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = request.into_body().into_data_stream().map_err(io::Error::other);
    let file = receive(&api, (&device, &id), Origin::Body("body"), None, said.as_deref(), body, max_bytes).await?;
    let response = Response { media_id: id, file_size: file.size_bytes, mime_type: file.mime_type };
    Ok(Success::with("File stored", response))
}
