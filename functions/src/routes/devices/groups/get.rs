//! `GET /devices/{id}/groups/{groupId}`: a group the device's account is in.

use std::sync::Arc;

use axum::extract::State;

use super::{Named, OneGroup};
use crate::{
    api::Api,
    error::ApiError,
    extract::{Path, PathDevice},
    openapi::Operation,
    reply::Success,
};

pub fn doc() -> Operation {
    OneGroup::doc(Operation::new("getGroup", "Groups", "Get a group"))
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Path(named): Path<Named>,
) -> Result<Success<OneGroup>, ApiError> {
    OneGroup::of(&api, &device.id, &named.jid()?).await.map(Success::of)
}
