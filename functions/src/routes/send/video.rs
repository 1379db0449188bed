//! `POST /send/video`: a film, with or without a caption.

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
        "sendVideo",
        "Send a video",
        Kind::Video,
        json!({"caption": "Check out this video!", "url": "https://example.com/video.mp4"}),
    )
}

pub async fn handle(State(api): State<Arc<Api>>, terms: Terms, request: Request) -> Result<Answer<MediaSent>, ApiError> {
    send_media(&api, terms, Kind::Video, request).await
}
