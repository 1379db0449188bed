//! One try to hand a delivery to its receiver.

use std::{collections::HashSet, sync::Mutex};

use domain::{
    model::{Delivery, DeviceId, Headers, Timestamp},
    pipeline::SignedBody,
};
use fetch::FetchError;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE},
};

use super::Config;

/// Headers that belong to the connection.
const RESERVED: [HeaderName; 8] = [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, EXPECT, TE, TRAILER, UPGRADE];

/// Why a try failed, by the stable name that users see.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("timeout")]
    Timeout,
    #[error("connection")]
    Connection,
    #[error("redirect")]
    Redirect,
    #[error("status_{}", .0.as_u16())]
    Status(StatusCode),
    #[error("address_refused")]
    AddressRefused,
    #[error("invalid_url")]
    InvalidUrl,
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::InvalidUrl => Self::InvalidUrl,
            FetchError::Refused => Self::AddressRefused,
            FetchError::TimedOut => Self::Timeout,
            FetchError::Unreachable(_) | FetchError::Status(_) | FetchError::TooLarge => Self::Connection,
        }
    }
}

pub(super) struct Poster {
    http: fetch::Poster,
    secret: String,
    /// Whose owners have been told of headers that cannot be sent.
    warned: Mutex<HashSet<DeviceId>>,
}

impl Poster {
    pub(super) fn new(config: &Config) -> Self {
        Self { http: fetch::Poster::new(config.reach), secret: config.secret.clone(), warned: Mutex::default() }
    }

    /// Succeeds if the receiver answers with a 2xx status in time.
    pub(super) async fn post(&self, delivery: &Delivery, at: Timestamp) -> Result<(), Failure> {
        let webhook = &delivery.webhook;
        let signed = SignedBody::new(&delivery.event, webhook.secret.as_ref().unwrap_or(&self.secret), at);
        let (headers, skipped) = headers(&webhook.headers, &signed);
        if skipped > 0 && self.warned.lock().expect("nothing panics while it holds the set").insert(delivery.event.device_id.clone()) {
            tracing::warn!(device = %delivery.event.device_id, skipped, "headers of a webhook could not be sent");
        }
        let posted = self.http.post(webhook.url.as_str(), headers, signed.body, webhook.timeout()).await;
        let status = posted.inspect_err(|error| {
            tracing::debug!(device = %delivery.event.device_id, event = %delivery.event.id, ?error, "a webhook could not be reached");
        })?;
        match status {
            status if status.is_success() => Ok(()),
            status if status.is_redirection() => Err(Failure::Redirect),
            status => Err(Failure::Status(status)),
        }
    }
}

/// The user's headers and, over them, ours; and how many of the user's cannot be sent.
fn headers(extra: &Headers, signed: &SignedBody) -> (HeaderMap, usize) {
    let mut headers = HeaderMap::with_capacity(extra.len() + 5);
    let mut skipped = 0;
    for (name, value) in extra {
        match (HeaderName::try_from(name), HeaderValue::from_bytes(value.as_bytes())) {
            (Ok(name), Ok(value)) if !RESERVED.contains(&name) => {
                headers.insert(name, value);
            }
            _ => skipped += 1,
        }
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in &signed.headers {
        headers.insert(*name, HeaderValue::from_bytes(value.as_bytes()).expect("ids have no control characters"));
    }
    (headers, skipped)
}
