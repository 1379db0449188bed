//! `POST /send/sticker`: a picture without a frame.

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
    MediaSent::doc("sendSticker", "Send a sticker", Kind::Sticker, json!({"mediaId": "med_123456789"}))
}

pub async fn handle(State(api): State<Arc<Api>>, terms: Terms, request: Request) -> Result<Answer<MediaSent>, ApiError> {
    send_media(&api, terms, Kind::Sticker, request).await
}
