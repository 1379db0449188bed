//! Webhook settings as users write them.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue};
use domain::model::{Headers, WebhookFilter, WebhookSettings, WebhookUrl};
use fetch::CONNECTION_HEADERS;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};

use crate::fields::{List, Number, Object, Text, nullable};

/// Most extra headers.
const MAX_HEADERS: usize = 20;

/// What is to change of a webhook, or what a new one is to be.
#[derive(Clone, Debug, Default, JsonSchema, Deserialize)]
#[schemars(rename = "WebhookSettingsInput")]
#[serde(rename_all = "camelCase")]
pub struct WebhookInput {
    enabled: Option<bool>,
    url: Option<WebhookUrl>,
    events: Option<List<WebhookFilter, 20>>,
    /// `null` goes back to the secret of the whole installation.
    #[serde(default, deserialize_with = "nullable")]
    secret: Option<Option<Text<1, 500>>>,
    headers: Option<HeadersInput>,
    retry_count: Option<Number<0, 1000>>,
    timeout: Option<Number<1000, 120_000>>,
}

impl WebhookInput {
    /// Whether it says where events go.
    pub fn names_url(&self) -> bool {
        self.url.is_some()
    }

    /// The settings that follow from the present ones; `None` if there is no URL then.
    pub fn over(self, present: Option<WebhookSettings>) -> Option<WebhookSettings> {
        let mut settings = match (present, &self.url) {
            (Some(present), _) => present,
            (None, Some(url)) => WebhookSettings::new(url.clone()),
            (None, None) => return None,
        };
        if let Some(url) = self.url {
            settings.url = url;
        }
        if let Some(enabled) = self.enabled {
            settings.enabled = enabled;
        }
        if let Some(List(events)) = self.events {
            settings.events.clear();
            for event in events {
                if !settings.events.contains(&event) {
                    settings.events.push(event);
                }
            }
        }
        if let Some(secret) = self.secret {
            settings.secret = secret.map(|Text(secret)| secret);
        }
        if let Some(HeadersInput(headers)) = self.headers {
            settings.headers = headers;
        }
        if let Some(Number(retry_count)) = self.retry_count {
            settings.retry_count = retry_count;
        }
        if let Some(Number(timeout_ms)) = self.timeout {
            settings.timeout_ms = timeout_ms.into();
        }
        Some(settings)
    }
}

/// Extra headers that can be sent.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(inline, with = "Object<BTreeMap<String, String>>")]
struct HeadersInput(Headers);

impl<'de> Deserialize<'de> for HeadersInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object(headers) = Object::<BTreeMap<String, String>>::deserialize(deserializer)?;
        if headers.len() > MAX_HEADERS {
            return Err(D::Error::custom(format_args!("expected at most {MAX_HEADERS} headers")));
        }
        for (name, value) in &headers {
            let free = HeaderName::from_bytes(name.as_bytes()).is_ok_and(|name| !CONNECTION_HEADERS.contains(&name));
            if !free || value.len() > 2000 || HeaderValue::from_str(value).is_err() {
                return Err(D::Error::custom(format_args!("the header {name:?} cannot be sent")));
            }
        }
        Ok(Self(headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(json: &str) -> Result<WebhookInput, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_new_webhook_needs_a_url_and_has_defaults_for_the_rest() {
        assert_eq!(input(r#"{"enabled":true}"#).unwrap().over(None), None);
        let url = WebhookUrl::parse("https://example.com").unwrap();
        assert_eq!(input(r#"{"url":"https://example.com"}"#).unwrap().over(None), Some(WebhookSettings::new(url)));
    }

    #[test]
    fn what_is_left_out_stays_and_what_is_given_changes() {
        let first = r#"{"url":"https://example.com","secret":"s3","headers":{"X-A":"1"},"retryCount":5,"timeout":2000}"#;
        let first = input(first).unwrap().over(None).unwrap();
        let second = input(r#"{"events":["qr","message","qr"],"secret":null,"headers":[]}"#).unwrap().over(Some(first.clone())).unwrap();
        let events = vec![WebhookFilter::Qr, WebhookFilter::Message];
        assert_eq!(second, WebhookSettings { events, secret: None, headers: Headers::new(), ..first });
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for json in [
            r#"{"url":"example.com"}"#,
            r#"{"events":["message","nonsense"]}"#,
            r#"{"retryCount":1001}"#,
            r#"{"timeout":999}"#,
            r#"{"secret":""}"#,
            r#"{"headers":{"a b":"1"}}"#,
            r#"{"headers":{"Host":"example.com"}}"#,
            r#"{"headers":{"Expect":"100-continue"}}"#,
            r#"{"headers":{"X":"line\nbreak"}}"#,
        ] {
            assert!(input(json).is_err(), "{json}");
        }
        assert!(input(r#"{"events":["nonsense"]}"#).unwrap_err().contains("nonsense"));
    }
}
