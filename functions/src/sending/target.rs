//! The message that a request is about.

use domain::model::{Device, Message, MessageId};

use crate::{api::Api, error::ApiError};

/// The device's message with this id.
pub async fn target(api: &Api, device: &Device, id: &str) -> Result<Message, ApiError> {
    let id = MessageId::parse(id).map_err(|_| ApiError::MessageNotFound)?;
    api.messages.get(&device.id, &id).await?.ok_or(ApiError::MessageNotFound)
}
