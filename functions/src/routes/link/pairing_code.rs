//! `POST /link/{token}/pairing-code`: link by a code that is typed into the phone.

use std::sync::Arc;

use axum::{Extension, extract::State};

use super::LinkedTo;
use crate::{
    api::Api,
    error::ApiError,
    extract::Json,
    limits::{Allowance, Limit},
    reply::Success,
    routes::devices::pairing_code::{Request, Response, code},
};

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(allowance): Extension<Allowance>,
    LinkedTo(device): LinkedTo,
    Json(request): Json<Request>,
) -> Result<Success<Response>, ApiError> {
    let phone = request.phone()?;
    allowance.device(&api, &device, Limit::Qr).await?;
    code(&api, &device, phone).await.map(Success::of)
}
