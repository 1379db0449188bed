//! `POST /send/image`: a picture, with or without a caption.

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
        "sendImage",
        "Send an image",
        Kind::Image,
        json!({"caption": "Check out this image!", "url": "https://example.com/image.jpg"}),
    )
}

pub async fn handle(State(api): State<Arc<Api>>, terms: Terms, request: Request) -> Result<Answer<MediaSent>, ApiError> {
    send_media(&api, terms, Kind::Image, request).await
}
