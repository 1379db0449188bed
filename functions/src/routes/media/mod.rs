//! `/media`

pub mod create;
pub mod download;
pub mod upload;

use std::collections::BTreeMap;

use domain::model::{DeviceId, MediaId};

use crate::{api::Api, error::ApiError};

/// Lets nobody through but the bearer of a link that was made here for this method and is still good.
fn check(api: &Api, method: &str, device: &DeviceId, id: &MediaId, query: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let links = api.links.as_ref().ok_or(ApiError::NotFound)?;
    if links.check(method, device, id, query, api.clock.now()) { Ok(()) } else { Err(ApiError::Forbidden) }
}
