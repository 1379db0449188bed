//! `GET /devices/{id}/groups/live`, `GET /devices/{id}/groups/{groupId}/live`: the same as without `live`, as WhatsApp has it now.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{Command, Refresh};

use super::{GroupQuery, Groups, Named, OneGroup};
use crate::{
    api::Api,
    error::ApiError,
    extract::{Path, PathDevice, Query},
    host,
    openapi::Operation,
    reply::Success,
    views::PageQuery,
};

pub fn all_doc() -> Operation {
    Groups::doc(Operation::new("fetchGroups", "Groups", "Fetch a device's groups from WhatsApp")).asks_whatsapp()
}

pub fn one_doc() -> Operation {
    OneGroup::doc(Operation::new("fetchGroup", "Groups", "Fetch a group from WhatsApp")).asks_whatsapp().refuses([ApiError::Forbidden("")])
}

pub async fn all(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Query(query): Query<GroupQuery>,
    Query(page): Query<PageQuery<20>>,
) -> Result<Success<Groups>, ApiError> {
    host::ask_on_line(&api, &device, Command::Refresh(Refresh::Groups)).await?;
    Groups::of(&api, &device.id, query, &page.request()).await
}

pub async fn one(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Path(named): Path<Named>,
) -> Result<Success<OneGroup>, ApiError> {
    let group = named.jid()?;
    host::ask_on_line(&api, &device, Command::Refresh(Refresh::Group { group: group.clone() })).await?;
    OneGroup::of(&api, &device.id, &group).await.map(Success::of)
}
