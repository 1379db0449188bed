//! Which messages are asked for.

use domain::model::{
    DeviceFilter, DeviceId, Direction, Jid, MessageFilter, MessageId, MessageStatus, MessageType, PageRequest, Server, UserId,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::dates::{Since, Until};
use crate::{api::Api, contact, error::ApiError};

/// What a URL's query says of that; all of it has to hold.
#[derive(JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryQuery {
    message_id: Option<MessageId>,
    device_id: Option<DeviceId>,
    contact_id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<MessageType>,
    status: Option<MessageStatus>,
    direction: Option<Direction>,
    date_from: Option<Since>,
    date_to: Option<Until>,
}

impl HistoryQuery {
    /// The same of one device.
    pub fn of_device(self, device: DeviceId) -> Self {
        Self { device_id: Some(device), ..self }
    }

    /// The same of one contact.
    pub fn with_contact(self, contact: String) -> Self {
        Self { contact_id: Some(contact), ..self }
    }

    /// The same for the ports, of one user if only theirs are to be seen.
    pub async fn filter(self, api: &Api, user: Option<UserId>) -> Result<MessageFilter, ApiError> {
        let chat = match &self.contact_id {
            Some(contact) => Some(chat(api, user, self.device_id.as_ref(), contact::parse("contactId", contact)?).await?),
            None => None,
        };
        Ok(MessageFilter {
            user,
            device: self.device_id,
            chat,
            id: self.message_id,
            direction: self.direction,
            kind: self.kind,
            status: self.status,
            since: self.date_from.map(|Since(since)| since),
            until: self.date_to.map(|Until(until)| until),
        })
    }
}

/// The chat with a contact. What one device knows of who is behind a hidden id holds for all of them.
async fn chat(api: &Api, user: Option<UserId>, device: Option<&DeviceId>, contact: Jid) -> Result<Jid, ApiError> {
    match (device, user) {
        (Some(device), _) => contact::chat(api, device, contact).await,
        (None, Some(user)) if contact.server() == Server::Lid => {
            let newest = PageRequest { page: 1, limit: PageRequest::MAX_LIMIT, cursor: None };
            for device in api.devices.list(Some(user), &DeviceFilter::default(), &newest).await?.items {
                if let Some(phone) = api.aliases.phone(&device.id, &contact).await? {
                    return Ok(phone);
                }
            }
            Ok(contact)
        }
        (None, _) => Ok(contact),
    }
}
