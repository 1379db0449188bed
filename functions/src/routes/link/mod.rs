//! `/link/{token}`: the page on which the owner of an account links it, without any token but the one in its address.

mod connect;
mod page;
mod pairing_code;
mod state;

use std::sync::Arc;

use axum::{
    Router,
    extract::FromRequestParts,
    http::request::Parts,
    routing::{get, post},
};
use domain::model::Device;

use crate::{api::Api, auth::link, error::ApiError, extract::Path};

/// The page and what it asks for. None of it is in the API's document.
pub fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/link/{token}", get(page::handle))
        .route("/link/{token}/state", get(state::handle))
        .route("/link/{token}/connect", post(connect::handle))
        .route("/link/{token}/pairing-code", post(pairing_code::handle))
}

/// The device that the token in the path is for.
struct LinkedTo(Device);

impl FromRequestParts<Arc<Api>> for LinkedTo {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        let Path(token): Path<String> = Path::from_request_parts(parts, api).await?;
        let (id, made) = link::unseal(&api.config.jwt_secret, &token, api.clock.now())?;
        let device = api.devices.get(&id).await?.ok_or(ApiError::LinkExpired)?;
        // It has done its work: who unlinks the account again does not want whoever has the address to link another.
        let is_spent = !device.session.is_linked() && device.session.linked_at.is_some_and(|at| at > made);
        if is_spent { Err(ApiError::LinkExpired) } else { Ok(Self(device)) }
    }
}
