//! `POST /link/{token}/connect`: have codes shown.

use std::sync::Arc;

use axum::{Extension, extract::State, http::StatusCode};
use domain::model::{Command, Status};

use super::LinkedTo;
use crate::{
    api::Api,
    error::ApiError,
    limits::{Allowance, Limit},
};

/// Whoever asks sees by the state what comes of it.
pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(allowance): Extension<Allowance>,
    LinkedTo(device): LinkedTo,
) -> Result<StatusCode, ApiError> {
    if !device.session.is_linked() && device.session.status != Status::Connecting {
        allowance.device(&api, &device, Limit::Qr).await?;
        api.intake.command(&device.id, Command::Connect, false).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
