//! `POST /devices/{id}/contacts/{contactId}/block` and `/unblock`: take nothing more from somebody, or take from them again.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{Command, Device, Jid};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::Named;
use crate::{
    api::Api,
    contact,
    error::ApiError,
    extract::{Path, PathDevice},
    host,
    openapi::Operation,
    reply::Success,
};

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "BlockedContact")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    contact_id: Jid,
    is_blocked: bool,
}

pub fn block_doc() -> Operation {
    Response::doc(Operation::new("blockContact", "Contacts", "Block a contact"), true)
}

pub fn unblock_doc() -> Operation {
    Response::doc(Operation::new("unblockContact", "Contacts", "Unblock a contact"), false)
}

pub async fn block(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Path(named): Path<Named>,
) -> Result<Success<Response>, ApiError> {
    change(&api, &device, &named, true).await
}

pub async fn unblock(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Path(named): Path<Named>,
) -> Result<Success<Response>, ApiError> {
    change(&api, &device, &named, false).await
}

async fn change(api: &Api, device: &Device, named: &Named, blocked: bool) -> Result<Success<Response>, ApiError> {
    let contact = contact::person(api, &device.id, "contactId", &named.contact_id).await?;
    host::ask_on_line(api, device, Command::Block { contact: contact.clone(), blocked }).await?;
    Ok(Success::with(done(blocked), Response { contact_id: contact, is_blocked: blocked }))
}

fn done(blocked: bool) -> &'static str {
    if blocked { "Contact blocked" } else { "Contact unblocked" }
}

impl Response {
    fn doc(operation: Operation, blocked: bool) -> Operation {
        let data = json!({"contactId": "1234567890@s.whatsapp.net", "isBlocked": blocked});
        operation.asks_whatsapp().refuses([ApiError::InvalidPhoneNumber, ApiError::NotFound]).answers::<Self>(
            200,
            "Whether they are blocked now.",
            json!({"success": true, "message": done(blocked), "data": data}),
        )
    }
}
