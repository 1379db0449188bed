//! One try to hand something to a webhook: signed, with its user's headers, and why it failed by a name that stays.

use std::time::{Duration, Instant, SystemTime};

use domain::{
    model::{Event, Headers, Timestamp, WebhookSettings},
    pipeline::SignedBody,
    trace::{self, TraceParent},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, RETRY_AFTER, TE, TRAILER, TRANSFER_ENCODING, UPGRADE},
};
use tracing::{Instrument, field};

use crate::{FetchError, Poster, Reach};

/// Headers that belong to the connection and not to its user.
pub const CONNECTION_HEADERS: [HeaderName; 8] = [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, EXPECT, TE, TRAILER, UPGRADE];

/// Why a webhook did not take what it was handed. Its text is the stable name that users see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// No answer in time.
    #[error("timeout")]
    Timeout,
    /// No name, no connection, no trust, or no HTTP.
    #[error("connection")]
    Connection,
    /// It leads elsewhere, where nobody follows.
    #[error("redirect")]
    Redirect,
    /// It answered with a status that is no success.
    #[error("status_{}", status.as_u16())]
    Status {
        /// Which.
        status: StatusCode,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// It leads to an address that may not be reached.
    #[error("address_refused")]
    AddressRefused,
    /// Nobody can read where it leads to.
    #[error("invalid_url")]
    InvalidUrl,
}

impl From<FetchError> for NotTaken {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::InvalidUrl => Self::InvalidUrl,
            FetchError::Refused => Self::AddressRefused,
            FetchError::TimedOut => Self::Timeout,
            FetchError::Unreachable(_) | FetchError::Status(_) | FetchError::TooLarge => Self::Connection,
        }
    }
}

/// Hands things to webhooks. Clones share their connections.
#[derive(Clone)]
pub struct Webhooks {
    poster: Poster,
    secret: String,
}

impl Webhooks {
    /// Reaches where `reach` allows, and signs with `secret` for webhooks without a secret of their own.
    pub fn new(reach: Reach, secret: impl Into<String>) -> Self {
        Self { poster: Poster::new(reach), secret: secret.into() }
    }

    /// Hands over an event. The webhook took it if it answers with a 2xx status in time, and this is the status.
    pub async fn tell(&self, webhook: &WebhookSettings, event: &Event, at: Timestamp) -> Result<StatusCode, NotTaken> {
        let span = tracing::info_span!(
            target: trace::TARGET, "deliver",
            otel.kind = "client", device = event.device_id.as_str(), event = event.id.as_str(), error = field::Empty
        );
        trace::adopt(&span, event.trace.as_ref());
        let (signed, begun) = (SignedBody::new(event, self.secret_of(webhook), at), Instant::now());
        let told = self.post(webhook, signed, trace::place(&span)).instrument(span.clone()).await;
        let outcome = told.as_ref().map_or_else(NotTaken::to_string, |_| "taken".into());
        if told.is_err() {
            span.record("error", &outcome);
        }
        metrics::histogram!("warta_webhook_post_seconds", "outcome" => outcome).record(begun.elapsed());
        told
    }

    /// The same with any JSON object that is not empty, under its `id`.
    pub async fn hand(&self, webhook: &WebhookSettings, id: &str, body: &str, at: Timestamp) -> Result<StatusCode, NotTaken> {
        self.post(webhook, SignedBody::of(id, body, self.secret_of(webhook), at), None).await
    }

    fn secret_of<'a>(&'a self, webhook: &'a WebhookSettings) -> &'a str {
        webhook.secret.as_ref().unwrap_or(&self.secret)
    }

    async fn post(&self, webhook: &WebhookSettings, signed: SignedBody, trace: Option<TraceParent>) -> Result<StatusCode, NotTaken> {
        let mut headers = headers(&webhook.headers, &signed);
        if let Some(Ok(place)) = trace.map(|TraceParent(place)| HeaderValue::try_from(place)) {
            headers.insert("traceparent", place);
        }
        let posted = self.poster.post(webhook.url.as_str(), headers, signed.body, webhook.timeout()).await;
        let (status, headers) = posted.inspect_err(|error| tracing::debug!(?error, "a webhook could not be reached"))?;
        match status {
            status if status.is_success() => Ok(status),
            status if status.is_redirection() => Err(NotTaken::Redirect),
            status => {
                let asks = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
                Err(NotTaken::Status { status, retry_after: headers.get(RETRY_AFTER).filter(|_| asks).and_then(retry_after) })
            }
        }
    }
}

/// The user's headers that can be sent and, over them, ours.
fn headers(extra: &Headers, signed: &SignedBody) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(extra.len() + 5);
    for (name, value) in extra {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value.as_bytes()))
            && !CONNECTION_HEADERS.contains(&name)
        {
            headers.insert(name, value);
        }
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in &signed.headers {
        headers.insert(*name, HeaderValue::from_bytes(value.as_bytes()).expect("ids have no control characters"));
    }
    headers
}

/// Seconds, or until a date.
fn retry_after(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    let seconds = text.parse().ok().map(Duration::from_secs);
    seconds.or_else(|| httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::now()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_may_ask_for_seconds_or_until_a_date() {
        let read = |text: &str| retry_after(&HeaderValue::from_str(text).unwrap());
        assert_eq!(read(" 120 "), Some(Duration::from_secs(120)));
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3600));
        assert!(read(&date).is_some_and(|wait| wait > Duration::from_secs(3500) && wait <= Duration::from_secs(3600)));
        for nothing in ["", "-1", "soon", "1.5", "Sun, 06 Nov 1994 08:49:37 GMT", "99999999999999999999"] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }
}
