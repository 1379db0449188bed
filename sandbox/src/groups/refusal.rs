//! Why something is not done to a group.

/// The server's words for it, as WhatsApp's clients know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub enum Refusal {
    /// Not a member, or no admin.
    Forbidden,
    NotFound,
    NotAcceptable,
    /// It is so already, or was changed meanwhile.
    Conflict,
    /// The invitation was revoked.
    Gone,
    Full,
}

impl Refusal {
    pub fn text(self) -> &'static str {
        match self {
            Self::Forbidden => "forbidden",
            Self::NotFound => "item-not-found",
            Self::NotAcceptable => "not-acceptable",
            Self::Conflict => "conflict",
            Self::Gone => "gone",
            Self::Full => "resource-limit",
        }
    }

    pub fn code(self) -> u16 {
        match self {
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::NotAcceptable => 406,
            Self::Conflict => 409,
            Self::Gone => 410,
            Self::Full => 419,
        }
    }
}
