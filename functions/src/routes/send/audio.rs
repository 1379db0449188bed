//! `POST /send/audio`: a sound, or a voice note.

use std::sync::Arc;

use axum::extract::{Request, State};
use media::Kind;

use crate::{
    api::Api,
    error::ApiError,
    openapi::Operation,
    sending::{Answer, MediaSent, Terms, send_media},
};
use serde_json::json;

pub fn doc() -> Operation {
    MediaSent::doc(
        "sendAudio",
        "Send audio or a voice note",
        Kind::Audio,
        json!({"isVoiceNote": true, "url": "https://example.com/audio.mp3"}),
    )
}

pub async fn handle(State(api): State<Arc<Api>>, terms: Terms, request: Request) -> Result<Answer<MediaSent>, ApiError> {
    send_media(&api, terms, Kind::Audio, request).await
}
