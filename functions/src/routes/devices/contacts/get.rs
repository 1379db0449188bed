//! `GET /devices/{id}/contacts/{contactId}`: a person, by their number or their hidden id.

use std::sync::Arc;

use axum::extract::State;

use super::{Named, OneContact};
use crate::{
    api::Api,
    contact,
    error::ApiError,
    extract::{Path, PathDevice},
    openapi::Operation,
    reply::Success,
};

pub fn doc() -> Operation {
    OneContact::doc(Operation::new("getContact", "Contacts", "Get a contact"))
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Path(Named { contact_id }): Path<Named>,
) -> Result<Success<OneContact>, ApiError> {
    let contact = contact::person(&api, &device.id, "contactId", &contact_id).await?;
    OneContact::of(&api, &device.id, &contact).await
}
