//! `POST /send/audio`: a sound, or a voice note.

use std::sync::Arc;

use axum::extract::{Request, State};
use media::Kind;

use crate::{
    api::Api,
    error::ApiError,
    sending::{Answer, MediaSent, Terms, send_media},
};

pub async fn handle(State(api): State<Arc<Api>>, terms: Terms, request: Request) -> Result<Answer<MediaSent>, ApiError> {
    send_media(&api, terms, Kind::Audio, request).await
}
