//! `POST /devices/{id}/groups/{groupId}/leave`: the device's own account goes out of a group.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{Command, GroupChange, Jid};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{Named, changes};
use crate::{
    api::Api,
    error::ApiError,
    extract::{Path, PathDevice},
    host,
    openapi::Operation,
    reply::Success,
};

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "LeftGroup")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    group_id: Jid,
}

pub fn doc() -> Operation {
    changes(Operation::new("leaveGroup", "Groups", "Leave a group")).answers::<Response>(
        200,
        "The account is not in it any more.",
        json!({"success": true, "message": "Group left", "data": {"groupId": "120363023345678901@g.us"}}),
    )
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Path(named): Path<Named>,
) -> Result<Success<Response>, ApiError> {
    let group = named.jid()?;
    host::ask_on_line(&api, &device, Command::ChangeGroup { group: group.clone(), change: GroupChange::Leave }).await?;
    Ok(Success::with("Group left", Response { group_id: group }))
}
