//! `POST` and `DELETE /devices/{id}/groups/{groupId}/participants`: people come into a group, or go.

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

const ADDED: &str = "Participants added";
const REMOVED: &str = "Participants removed";

pub fn add_doc() -> Operation {
    members::doc(Operation::new("addParticipants", "Groups", "Add participants to a group"), ADDED)
}

pub fn remove_doc() -> Operation {
    members::doc(Operation::new("removeParticipants", "Groups", "Remove participants from a group"), REMOVED)
}

pub async fn add(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Path(named): Path<Named>,
    Json(request): Json<Request>,
) -> Result<Success<Response>, ApiError> {
    members::change(&api, &device, &named, request, GroupChange::Add, ADDED).await
}

pub async fn remove(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Path(named): Path<Named>,
    Json(request): Json<Request>,
) -> Result<Success<Response>, ApiError> {
    members::change(&api, &device, &named, request, GroupChange::Remove, REMOVED).await
}
