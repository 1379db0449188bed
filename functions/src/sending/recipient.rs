//! Who a message is for.

use domain::model::Jid;

use crate::error::ApiError;

/// A person, a group or a channel.
pub fn recipient(text: &str) -> Result<Jid, ApiError> {
    Jid::parse(text).ok().filter(Jid::is_recipient).ok_or(ApiError::InvalidPhoneNumber)
}
