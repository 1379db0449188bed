//! `GET /devices/{id}/messages`, `GET /devices/{id}/messages/{contactId}`: what a device sent and received, newest first.

use std::sync::Arc;

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    api::Api,
    error::ApiError,
    extract::{Path, PathDevice, Query},
    history::{History, HistoryQuery, history},
    openapi::Operation,
    reply::Success,
    views::PageQuery,
};

#[derive(JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chat {
    contact_id: String,
}

pub fn list_doc() -> Operation {
    History::doc(Operation::new("listDeviceMessages", "Messages", "List a device's messages"))
}

pub fn of_contact_doc() -> Operation {
    History::doc(Operation::new("listContactMessages", "Messages", "List a device's messages with a contact"))
}

pub async fn list(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Query(query): Query<HistoryQuery>,
    Query(page): Query<PageQuery<50>>,
) -> Result<Success<History>, ApiError> {
    let filter = query.of_device(device.id).filter(&api, None).await?;
    history(&api, &filter, page.request()).await
}

pub async fn of_contact(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Path(Chat { contact_id }): Path<Chat>,
    Query(query): Query<HistoryQuery>,
    Query(page): Query<PageQuery<50>>,
) -> Result<Success<History>, ApiError> {
    let filter = query.of_device(device.id).with_contact(contact_id).filter(&api, None).await?;
    history(&api, &filter, page.request()).await
}
