//! `POST /send/document`: any file, with a name and perhaps a caption.

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
        "sendDocument",
        "Send a document",
        Kind::Document,
        json!({"fileName": "document.pdf", "url": "https://example.com/document.pdf"}),
    )
}

pub async fn handle(State(api): State<Arc<Api>>, terms: Terms, request: Request) -> Result<Answer<MediaSent>, ApiError> {
    send_media(&api, terms, Kind::Document, request).await
}
