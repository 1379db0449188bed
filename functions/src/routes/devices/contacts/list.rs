//! `GET /devices/{id}/contacts`: the people a device's account knows, by name.

use std::sync::Arc;

use axum::extract::State;

use super::{ContactQuery, Contacts};
use crate::{
    api::Api,
    error::ApiError,
    extract::{PathDevice, Query},
    openapi::Operation,
    reply::Success,
    views::PageQuery,
};

pub fn doc() -> Operation {
    Contacts::doc(Operation::new("listContacts", "Contacts", "List a device's contacts"))
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Query(query): Query<ContactQuery>,
    Query(page): Query<PageQuery<50>>,
) -> Result<Success<Contacts>, ApiError> {
    Contacts::of(&api, &device.id, query, &page.request()).await
}
