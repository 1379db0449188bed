//! The device a path is about.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use domain::model::{Device, DeviceId};

use crate::{api::Api, auth::Caller, error::ApiError};

/// The device that `{id}` in the path names, if the caller may know of it.
pub struct PathDevice(pub Device);

impl FromRequestParts<Arc<Api>> for PathDevice {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, api).await.map_err(|_| ApiError::DeviceNotFound)?;
        let id = params.iter().find_map(|(name, value)| (name == "id").then_some(value)).ok_or(ApiError::DeviceNotFound)?;
        let id = DeviceId::parse(id).map_err(|_| ApiError::DeviceNotFound)?;
        // A route without callers shows no devices.
        let caller = parts.extensions.get::<Caller>().ok_or(ApiError::InvalidApiToken)?;
        caller.device(api, &id).await.map(Self)
    }
}
