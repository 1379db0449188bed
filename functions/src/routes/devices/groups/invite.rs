//! `GET /devices/{id}/groups/{groupId}/invite` and `POST …/invite/revoke`: the link that invites to a group, and a new one in its place.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{Command, Device, Outcome};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Named, changes};
use crate::{
    api::Api,
    error::ApiError,
    extract::{Path, PathDevice},
    host,
    openapi::Operation,
    reply::Success,
};

/// What every link begins with.
pub const LINK: &str = "https://chat.whatsapp.com/";

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "GroupInvite")]
pub struct Response {
    code: String,
    link: String,
}

pub fn get_doc() -> Operation {
    changes(Operation::new("getInvite", "Groups", "Get a group's invite link")).answers::<Response>(
        200,
        "The link.",
        json!({"success": true, "data": Response::example()}),
    )
}

pub fn revoke_doc() -> Operation {
    changes(Operation::new("revokeInvite", "Groups", "Revoke a group's invite link"))
        .describe("The link there was is worth nothing from then on.")
        .answers::<Response>(200, "The new link.", json!({"success": true, "message": "Invite link revoked", "data": Response::example()}))
}

pub async fn get(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Path(named): Path<Named>,
) -> Result<Success<Response>, ApiError> {
    link(&api, &device, &named, false).await.map(Success::of)
}

pub async fn revoke(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Path(named): Path<Named>,
) -> Result<Success<Response>, ApiError> {
    let response = link(&api, &device, &named, true).await?;
    Ok(Success::with("Invite link revoked", response))
}

async fn link(api: &Api, device: &Device, named: &Named, renew: bool) -> Result<Response, ApiError> {
    match host::ask_on_line(api, device, Command::InviteLink { group: named.jid()?, renew }).await? {
        Outcome::InviteLink { code } => Ok(Response { link: format!("{LINK}{code}"), code }),
        other => Err(host::unexpected(&other)),
    }
}

impl Response {
    fn example() -> Value {
        json!({"code": "AbCdEfGhIjKlMnOpQrStUv", "link": "https://chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv"})
    }
}
