//! `GET /devices/{id}/contacts/live`, `GET /devices/{id}/contacts/{contactId}/live`: the same as without `live`, as WhatsApp has it now.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{Command, Refresh};

use super::{ContactQuery, Contacts, Named, OneContact};
use crate::{
    api::Api,
    contact,
    error::ApiError,
    extract::{Path, PathDevice, Query},
    host,
    openapi::Operation,
    reply::Success,
    views::PageQuery,
};

pub fn all_doc() -> Operation {
    Contacts::doc(Operation::new("fetchContacts", "Contacts", "Fetch a device's contacts from WhatsApp")).asks_whatsapp()
}

pub fn one_doc() -> Operation {
    let operation = Operation::new("fetchContact", "Contacts", "Fetch a contact from WhatsApp");
    OneContact::doc(operation).describe("Also asks for their name, picture and what they say about themselves.").asks_whatsapp()
}

pub async fn all(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Query(query): Query<ContactQuery>,
    Query(page): Query<PageQuery<50>>,
) -> Result<Success<Contacts>, ApiError> {
    host::ask_on_line(&api, &device, Command::Refresh(Refresh::Contacts)).await?;
    Contacts::of(&api, &device.id, query, &page.request()).await
}

pub async fn one(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Path(Named { contact_id }): Path<Named>,
) -> Result<Success<OneContact>, ApiError> {
    let contact = contact::person(&api, &device.id, "contactId", &contact_id).await?;
    host::ask_on_line(&api, &device, Command::Refresh(Refresh::Contact { contact: contact.clone() })).await?;
    OneContact::of(&api, &device.id, &contact).await
}
