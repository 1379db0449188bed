//! `GET /devices/{id}/groups`: the groups a device's account is in, by subject.

use std::sync::Arc;

use axum::extract::State;

use super::{GroupQuery, Groups};
use crate::{
    api::Api,
    error::ApiError,
    extract::{PathDevice, Query},
    openapi::Operation,
    reply::Success,
    views::PageQuery,
};

pub fn doc() -> Operation {
    Groups::doc(Operation::new("listGroups", "Groups", "List a device's groups"))
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Query(query): Query<GroupQuery>,
    Query(page): Query<PageQuery<20>>,
) -> Result<Success<Groups>, ApiError> {
    Groups::of(&api, &device.id, query, &page.request()).await
}
