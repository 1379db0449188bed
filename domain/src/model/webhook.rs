//! Where and how a device's events are told to its owner's server.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::EventKind;

/// Why webhook settings cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidWebhook {
    /// The URL is not `http://…` or `https://…` with a host.
    #[error("not an http or https URL")]
    Url,
}

/// An absolute `http` or `https` URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct WebhookUrl(String);

impl WebhookUrl {
    /// Accepts at most 2,048 bytes of an `http` or `https` URL with a host and without spaces or control characters.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidWebhook> {
        let text = text.into();
        let lower = text.to_ascii_lowercase();
        let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")).ok_or(InvalidWebhook::Url)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        let named = !host.is_empty() && !host.starts_with(':');
        let clean = text.len() <= 2048 && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        if named && clean { Ok(Self(text)) } else { Err(InvalidWebhook::Url) }
    }

    /// The URL as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for WebhookUrl {
    type Error = InvalidWebhook;

    fn try_from(text: String) -> Result<Self, InvalidWebhook> {
        Self::parse(text)
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The names users subscribe to events by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum WebhookFilter {
    /// Texts and other messages, received and sent.
    Message,
    /// Received media files.
    Media,
    /// Delivery and read ticks.
    Status,
    /// The device went on or off line.
    Connection,
    /// A new QR code to scan, or another way to link.
    Qr,
    /// Groups: joined, changed, left.
    Group,
    /// Answers of the device's own that could not be given.
    Ai,
}

impl WebhookFilter {
    /// All names, the contract's first and in its order.
    pub const ALL: [Self; 7] = [Self::Message, Self::Connection, Self::Qr, Self::Media, Self::Status, Self::Group, Self::Ai];
}

/// Extra request headers, by name.
pub type Headers = BTreeMap<String, String>;

/// A device's webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookSettings {
    /// Whether events are delivered at all.
    pub enabled: bool,
    /// Where they go.
    pub url: WebhookUrl,
    /// Which ones; empty means all.
    pub events: Vec<WebhookFilter>,
    /// Signs deliveries; `None` means the secret of the whole installation.
    pub secret: Option<String>,
    /// How often a failed delivery is tried again.
    pub retry_count: u32,
    /// How long one try may take, in milliseconds.
    #[serde(rename = "timeout")]
    pub timeout_ms: u64,
    /// Sent along with each delivery.
    pub headers: Headers,
}

impl WebhookSettings {
    /// Enough tries for a receiver that is down for a whole day, after which it is paused.
    pub const DEFAULT_RETRY_COUNT: u32 = 400;
    /// The contract's default.
    pub const DEFAULT_TIMEOUT_MS: u64 = 30_000;

    /// A webhook with the defaults for all but its URL.
    pub fn new(url: WebhookUrl) -> Self {
        Self {
            enabled: true,
            url,
            events: WebhookFilter::ALL.into(),
            secret: None,
            retry_count: Self::DEFAULT_RETRY_COUNT,
            timeout_ms: Self::DEFAULT_TIMEOUT_MS,
            headers: Headers::new(),
        }
    }

    /// Whether an event of this kind is to be delivered.
    pub fn wants(&self, kind: EventKind) -> bool {
        self.enabled && (self.events.is_empty() || self.events.contains(&kind.filter()))
    }

    /// How long one try may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_urls_with_a_host_are_webhooks() {
        for good in ["https://example.com/hook", "http://127.0.0.1:8080", "HTTPS://user:pw@example.com?x=1", "http://[::1]:80/"] {
            assert!(WebhookUrl::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "example.com", "ftp://example.com", "http://", "http://:80/", "https://exa mple.com", "http:///x", "http://@/"] {
            assert_eq!(WebhookUrl::parse(bad), Err(InvalidWebhook::Url), "{bad}");
        }
    }
}
