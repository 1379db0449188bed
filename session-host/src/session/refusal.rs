//! Why something could not be had of WhatsApp, as a stable word for whoever asked.

use std::{borrow::Cow, error::Error};

use domain::model::Outcome;
use whatsapp_rust::ErrorChainExt;

use super::outcome::failed;

/// A stable word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(Cow<'static, str>);

impl Refusal {
    pub const NOT_CONNECTED: Self = Self(Cow::Borrowed("not_connected"));
    pub const TIMEOUT: Self = Self(Cow::Borrowed("timeout"));
    pub const NOT_FOUND: Self = Self(Cow::Borrowed("not_found"));
    pub const FORBIDDEN: Self = Self(Cow::Borrowed("forbidden"));
    pub const CONFLICT: Self = Self(Cow::Borrowed("conflict"));
    pub const INVALID_INVITE: Self = Self(Cow::Borrowed("invalid_invite"));

    /// Another word.
    pub const fn word(word: &'static str) -> Self {
        Self(Cow::Borrowed(word))
    }

    /// WhatsApp's own code.
    pub fn code(code: u16) -> Self {
        match code {
            401 | 403 => Self::FORBIDDEN,
            404 => Self::NOT_FOUND,
            409 => Self::CONFLICT,
            code => Self(Cow::Owned(format!("refused_{code}"))),
        }
    }

    /// Whether it may be had later, as nobody has refused it.
    pub fn is_passing(&self) -> bool {
        *self == Self::NOT_CONNECTED || *self == Self::TIMEOUT
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<E: Error + 'static> From<E> for Refusal {
    fn from(error: E) -> Self {
        if let Some(rejection) = error.server_rejection() {
            Self::code(rejection.code)
        } else if error.is_timeout() {
            Self::TIMEOUT
        } else if error.is_transport_unavailable() {
            Self::NOT_CONNECTED
        } else {
            // What the error says may quote addresses.
            tracing::warn!(kind = std::any::type_name::<E>(), "WhatsApp could not be asked");
            Self::word("failed")
        }
    }
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        failed(refusal.as_str())
    }
}
