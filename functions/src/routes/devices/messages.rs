//! `GET /devices/{id}/messages`, `GET /devices/{id}/messages/{contactId}`: what a device sent and received, newest first.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;

use crate::{
    api::Api,
    error::ApiError,
    extract::{Path, PathDevice, Query},
    history::{History, HistoryQuery, history},
    reply::Success,
    views::PageQuery,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chat {
    contact_id: String,
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
