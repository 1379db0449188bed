//! The device a path is about.

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts};
use domain::model::{Device, DeviceId};
use serde::Deserialize;

use super::Path;
use crate::{api::Api, auth::Caller, error::ApiError};

/// The device that `{id}` in the path names, if the caller may know of it.
pub struct PathDevice(pub Device);

#[derive(Deserialize)]
struct Named {
    id: String,
}

impl FromRequestParts<Arc<Api>> for PathDevice {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        let Path(Named { id }) = Path::from_request_parts(parts, api).await?;
        let id = DeviceId::parse(id).map_err(|_| ApiError::DeviceNotFound)?;
        // A route without callers shows no devices.
        let caller = parts.extensions.get::<Caller>().ok_or(ApiError::InvalidApiToken)?;
        caller.device(api, &id).await.map(Self)
    }
}
