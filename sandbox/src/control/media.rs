//! `POST /mms/{kind}/{token}` and `GET /media/{token}`: the media server, as WhatsApp's clients use
//! it.

use std::io;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::stream;
use serde::{Deserialize, Serialize};

use super::ControlError;
use super::error::Path;
use crate::media::Token;
use crate::world::World;

/// WhatsApp takes documents of 100 MB, and some bytes more once they are encrypted.
pub const FILE_LIMIT_BYTES: usize = 110 << 20;

#[derive(Deserialize)]
pub struct Upload {
    auth: Option<String>,
    /// Set by clients that ask whether the file is there already, or how much of it.
    resume: Option<String>,
    file_offset: Option<u64>,
}

#[derive(Serialize)]
pub struct Uploaded {
    url: String,
    direct_path: String,
    handle: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resume: Option<&'static str>,
}

pub async fn upload(
    State(world): State<Arc<World>>,
    Path((_, token)): Path<(String, String)>,
    upload: Result<axum::extract::Query<Upload>, QueryRejection>,
    file: Result<Bytes, BytesRejection>,
) -> Result<Response, ControlError> {
    let upload = upload.map_err(|rejection| ControlError::new(rejection.status(), rejection.body_text()))?;
    let file = file.map_err(|rejection| ControlError::new(rejection.status(), rejection.body_text()))?;
    world.faults.hold_media_up(&world.closing).await;
    if upload.auth.as_deref() != Some(world.media_auth.as_str()) {
        return Err(ControlError::new(StatusCode::UNAUTHORIZED, "the auth is none that this server gave"));
    }
    let token = Token::parse(&token).ok_or_else(|| ControlError::bad_request("a token is the SHA-256 of the file"))?;
    let asks = upload.resume.is_some();
    if asks && world.files.get(&token).is_none() {
        return Ok(Json(serde_json::json!({ "resume": "0" })).into_response());
    }
    if !asks {
        if world.faults.fails_upload() {
            return Err(ControlError::new(StatusCode::INTERNAL_SERVER_ERROR, "uploads fail at the moment"));
        }
        if upload.file_offset.is_some_and(|offset| offset > 0) || file.is_empty() {
            return Err(ControlError::bad_request("a file is uploaded as a whole"));
        }
        world.files.put(token, file);
    }
    let direct_path = token.direct_path();
    let url = format!("https://{}{direct_path}", world.host);
    let uploaded = Uploaded { url, handle: direct_path.clone(), direct_path, resume: asks.then_some("complete") };
    Ok(Json(uploaded).into_response())
}

pub async fn download(State(world): State<Arc<World>>, Path(token): Path<String>) -> Result<Response, ControlError> {
    world.faults.hold_media_up(&world.closing).await;
    if world.faults.fails_download() {
        return Err(ControlError::new(StatusCode::INTERNAL_SERVER_ERROR, "downloads fail at the moment"));
    }
    if world.faults.loses_download() {
        return Err(ControlError::new(StatusCode::GONE, "the file is gone"));
    }
    let file = Token::parse(&token).and_then(|token| world.files.get(&token));
    let file = file.ok_or_else(|| ControlError::not_found("no such file"))?;
    let (length, body) = (
        file.len(),
        match world.faults.truncates_download() {
            true => Body::from_stream(stream::iter([Ok(file.slice(..file.len() / 2)), Err(io::Error::other("cut off"))])),
            false => Body::from(file),
        },
    );
    let headers = [(CONTENT_TYPE, "application/octet-stream".to_owned()), (CONTENT_LENGTH, length.to_string())];
    Ok((headers, body).into_response())
}
