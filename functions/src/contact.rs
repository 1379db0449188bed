//! Chats by whatever users write for the other side.

use domain::model::{DeviceId, Jid, Server};

use crate::{api::Api, error::ApiError};

/// An address in a field of this name.
pub fn parse(field: &str, text: &str) -> Result<Jid, ApiError> {
    Jid::parse(text).map_err(|problem| ApiError::InvalidContact { details: format!("{field}: {problem}") })
}

/// The chat of a device with a contact: one person is one chat, under their number wherever it is known.
pub async fn chat(api: &Api, device: &DeviceId, contact: Jid) -> Result<Jid, ApiError> {
    if contact.server() != Server::Lid {
        return Ok(contact);
    }
    Ok(api.aliases.phone(device, &contact).await?.unwrap_or(contact))
}
