//! What names a message.

use serde::{Deserialize, Serialize};

use crate::model::{Jid, MessageId};

/// What names a message within its device: ids are unique only among what one sender writes in one chat.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageKey {
    /// Its WhatsApp id.
    pub id: MessageId,
    /// Whose id that is.
    pub origin: Origin,
}

impl MessageKey {
    /// An outgoing message, or one typed on the phone.
    pub fn own(id: MessageId) -> Self {
        Self { id, origin: Origin::Own }
    }
}

/// Who made a message's id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// The device's own account.
    Own,
    /// Somebody else.
    Other {
        /// Where.
        chat: Jid,
        /// Who.
        from: Option<Jid>,
    },
}
