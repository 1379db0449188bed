//! `POST /mms/{kind}/{token}` and `GET /media/{token}`: the media server, as WhatsApp's clients use
//! it.

use std::io;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::stream;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ControlError;
use super::error::{Path, Query};
use crate::media::Token;
use crate::world::World;

/// WhatsApp takes documents of 100 MB, and some bytes more once they are encrypted.
pub const FILE_LIMIT_BYTES: usize = 110 << 20;

#[derive(Deserialize)]
pub struct Upload {
    auth: Option<String>,
    /// Set by a client that only asks whether the file is there already.
    resume: Option<String>,
    file_offset: Option<u64>,
}

pub async fn upload(
    State(world): State<Arc<World>>,
    Path((_, token)): Path<(String, String)>,
    Query(upload): Query<Upload>,
    file: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, ControlError> {
    let file = file?;
    world.faults.hold_media_up(&world.closing).await;
    if upload.auth.as_deref() != Some(world.media_auth.as_str()) {
        return Err(ControlError::new(StatusCode::UNAUTHORIZED, "the auth is none that this server gave"));
    }
    let token = Token::parse(&token).ok_or_else(|| ControlError::bad_request("a token is the SHA-256 of the file"))?;
    let direct_path = token.direct_path();
    let url = format!("https://{}{direct_path}", world.host);
    if upload.resume.is_some() {
        return Ok(Json(match world.files.get(&token) {
            Some(_) => json!({ "resume": "complete", "url": url, "direct_path": direct_path }),
            None => json!({ "resume": "0" }),
        }));
    }
    if world.faults.fails_upload() {
        return Err(ControlError::new(StatusCode::INTERNAL_SERVER_ERROR, "uploads fail at the moment"));
    }
    if upload.file_offset.is_some_and(|offset| offset > 0) || file.is_empty() {
        return Err(ControlError::bad_request("a file is uploaded as a whole"));
    }
    world.files.put(token, file);
    Ok(Json(json!({ "url": url, "direct_path": direct_path, "handle": direct_path })))
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
    let headers = [(CONTENT_TYPE, "application/octet-stream".to_owned()), (CONTENT_LENGTH, file.len().to_string())];
    let body = match world.faults.truncates_download() {
        true => Body::from_stream(stream::iter([Ok(file.slice(..file.len() / 2)), Err(io::Error::other("cut off"))])),
        false => Body::from(file),
    };
    Ok((headers, body).into_response())
}
