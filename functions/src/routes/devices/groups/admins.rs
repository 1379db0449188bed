//! `POST` and `DELETE /devices/{id}/groups/{groupId}/admins`: members of a group become admins, or are admins no more.

use std::sync::Arc;

use axum::extract::State;
use domain::model::GroupChange;

use super::{
    Named,
    members::{self, Request, Response},
};
use crate::{
    api::Api,
    error::ApiError,
    extract::{Json, Path, PathDevice},
    openapi::Operation,
    reply::Success,
};

const PROMOTED: &str = "Participants promoted";
const DEMOTED: &str = "Participants demoted";

pub fn promote_doc() -> Operation {
    members::doc(Operation::new("promoteParticipants", "Groups", "Make participants admins"), PROMOTED)
}

pub fn demote_doc() -> Operation {
    members::doc(Operation::new("demoteParticipants", "Groups", "Make admins participants"), DEMOTED)
}

pub async fn promote(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Path(named): Path<Named>,
    Json(request): Json<Request>,
) -> Result<Success<Response>, ApiError> {
    members::change(&api, &device, &named, request, GroupChange::Promote, PROMOTED).await
}

pub async fn demote(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Path(named): Path<Named>,
    Json(request): Json<Request>,
) -> Result<Success<Response>, ApiError> {
    members::change(&api, &device, &named, request, GroupChange::Demote, DEMOTED).await
}
