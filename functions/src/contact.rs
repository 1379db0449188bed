//! Chats by whatever users write for the other side.

use domain::model::{DeviceId, Jid, Server};

use crate::{api::Api, error::ApiError};

/// An address in a field of this name.
pub fn parse(field: &str, text: &str) -> Result<Jid, ApiError> {
    Jid::parse(text).map_err(|problem| ApiError::InvalidContact { details: format!("{field}: {problem}") })
}

/// A person with this address, under their number wherever it is known.
pub async fn person(api: &Api, device: &DeviceId, field: &str, text: &str) -> Result<Jid, ApiError> {
    let contact = parse(field, text)?;
    match contact.server() {
        Server::Phone | Server::Lid => chat(api, device, contact).await,
        Server::Group | Server::Newsletter | Server::Broadcast => {
            Err(ApiError::InvalidContact { details: format!("{field}: that is not a person") })
        }
    }
}

/// The chat of a device with a contact: one person is one chat, under their number wherever it is known.
pub async fn chat(api: &Api, device: &DeviceId, contact: Jid) -> Result<Jid, ApiError> {
    if contact.server() != Server::Lid {
        return Ok(contact);
    }
    Ok(api.aliases.phone(device, &contact).await?.unwrap_or(contact))
}
