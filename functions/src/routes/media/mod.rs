//! `/media`

pub mod create;
pub mod download;
pub mod upload;

use std::collections::BTreeMap;

use domain::model::{DeviceId, MediaId};
use schemars::JsonSchema;

use crate::{api::Api, error::ApiError};

/// What a link says of the file, and what proves that it was made here.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "a link is read as a whole, since all of it is signed")]
struct Link {
    /// Until when it is good, in seconds since 1970.
    expires: Option<u64>,
    signature: Option<String>,
    /// The file's type.
    r#type: Option<String>,
    /// The file's name.
    name: Option<String>,
    /// Most bytes to put there.
    max: Option<u64>,
}

/// Lets nobody through but the bearer of a link that was made here for this method and is still good.
fn check(api: &Api, method: &str, device: &DeviceId, id: &MediaId, query: &BTreeMap<String, String>) -> Result<(), ApiError> {
    if api.links.check(method, device, id, query, api.clock.now()) {
        Ok(())
    } else {
        Err(ApiError::Forbidden("the link was not made here, or has expired"))
    }
}
