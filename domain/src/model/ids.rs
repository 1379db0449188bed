//! Identifiers: opaque strings to everyone but their maker.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest identifier anyone may hand in.
const MAX_LENGTH: usize = 200;

/// The text is empty, too long or has control characters, so it names nothing.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an identifier")]
pub struct InvalidId;

macro_rules! string_id {
    ($(#[doc = $doc:literal])+ $name:ident) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Accepts 1 to 200 bytes of text without control characters.
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                let valid = !text.is_empty() && text.len() <= MAX_LENGTH && !text.chars().any(char::is_control);
                if valid { Ok(Self(text)) } else { Err(InvalidId) }
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

string_id! {
    /// Names a device for as long as it exists.
    DeviceId
}
string_id! {
    /// The name of a device that users send with: `user_{userId}_device_{alias}`. Unique, and kept when the alias changes.
    SessionId
}
string_id! {
    /// The WhatsApp id of a message, made by its sender. Unique among what one device sends, and within one chat and sender otherwise.
    MessageId
}
string_id! {
    /// Names a command; repeating it means the same work.
    CommandId
}
string_id! {
    /// Names an event, in every channel it is told through.
    EventId
}
string_id! {
    /// Names a stored file within its device. Unguessable where users make it.
    MediaId
}
string_id! {
    /// Names a host for as long as it runs.
    HostId
}
string_id! {
    /// Names many messages asked for at once.
    BulkId
}

/// The number is too large for every JSON reader to get the same.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected a number from 0 to 9007199254740991")]
pub struct InvalidUserId;

/// A user of the SaaS behind the API. At most 2^53 - 1, so that every JSON reader gets the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub struct UserId(u64);

impl UserId {
    /// Accepts 0 to 2^53 - 1.
    pub fn parse(number: u64) -> Result<Self, InvalidUserId> {
        if number < 1 << 53 { Ok(Self(number)) } else { Err(InvalidUserId) }
    }

    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for UserId {
    type Error = InvalidUserId;

    fn try_from(number: u64) -> Result<Self, InvalidUserId> {
        Self::parse(number)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The secret that lets its bearer send through one device.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey(String);

impl ApiKey {
    /// Wraps a generated or stored key.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for the response that hands it out and for comparison.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}
