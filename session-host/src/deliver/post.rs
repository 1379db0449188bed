//! One try to hand a delivery to its receiver.

use std::{collections::HashSet, error::Error, sync::Mutex, time::Duration};

use domain::{
    model::{Delivery, DeviceId, Headers, Timestamp},
    pipeline::SignedBody,
};
use reqwest::{
    Client, Response, StatusCode, Url,
    header::{
        CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, TE, TRAILER, TRANSFER_ENCODING,
        UPGRADE, USER_AGENT,
    },
    redirect,
};
use tokio::time;

use super::{
    Config,
    addresses::{AddressRefused, Reach, Resolver, literal},
};

const AGENT: &str = concat!("warta/", env!("CARGO_PKG_VERSION"));

/// Node closes idle connections after 5 seconds: a post must not meet that.
const IDLE: Duration = Duration::from_secs(4);

/// An answer's body is read, so that the connection can be used again, up to this size …
const BODY_BYTES: usize = 64 * 1024;

/// … and for this long.
const BODY_TIME: Duration = Duration::from_millis(500);

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

impl Failure {
    fn of(error: &reqwest::Error) -> Self {
        let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
        if causes.any(|cause| cause.is::<AddressRefused>()) {
            Self::AddressRefused
        } else if error.is_timeout() {
            Self::Timeout
        } else if error.is_builder() {
            Self::InvalidUrl
        } else {
            Self::Connection
        }
    }
}

pub(super) struct Poster {
    client: Client,
    secret: String,
    reach: Reach,
    /// Whose owners have been told of headers that cannot be sent.
    warned: Mutex<HashSet<DeviceId>>,
}

impl Poster {
    pub(super) fn new(config: &Config) -> Self {
        // HTTP/1.1 only: one connection for all devices of a host would let a slow one hold up the others.
        let builder = || {
            Client::builder()
                .no_proxy()
                .http1_only()
                .redirect(redirect::Policy::none())
                .pool_idle_timeout(IDLE)
                .pool_max_idle_per_host(256)
                .dns_resolver(Resolver::new(config.reach))
        };
        let client = builder().build().unwrap_or_else(|error| {
            tracing::warn!(error = &error as &dyn Error, "no certificate authorities were found: https webhooks will fail");
            builder().tls_certs_only([]).build().expect("nothing else can fail")
        });
        Self { client, secret: config.secret.clone(), reach: config.reach, warned: Mutex::default() }
    }

    /// Succeeds if the receiver answers with a 2xx status in time.
    pub(super) async fn post(&self, delivery: &Delivery, at: Timestamp) -> Result<(), Failure> {
        let webhook = &delivery.webhook;
        let url = Url::parse(webhook.url.as_str()).map_err(|_| Failure::InvalidUrl)?;
        if literal(&url).is_some_and(|address| !self.reach.allows(address)) {
            return Err(Failure::AddressRefused);
        }
        let signed = SignedBody::new(&delivery.event, webhook.secret.as_ref().unwrap_or(&self.secret), at);
        let (headers, skipped) = headers(&webhook.headers, &signed);
        if skipped > 0 && self.warned.lock().expect("nothing panics while it holds the set").insert(delivery.event.device_id.clone()) {
            tracing::warn!(device = %delivery.event.device_id, skipped, "headers of a webhook could not be sent");
        }
        let request = self.client.post(url).headers(headers).timeout(webhook.timeout()).body(signed.body);
        let response = request.send().await.map_err(|error| {
            let failure = Failure::of(&error);
            let error = error.without_url();
            tracing::debug!(device = %delivery.event.device_id, event = %delivery.event.id, ?error, "a webhook could not be reached");
            failure
        })?;
        let status = response.status();
        drain(response).await;
        match status {
            status if status.is_success() => Ok(()),
            status if status.is_redirection() => Err(Failure::Redirect),
            status => Err(Failure::Status(status)),
        }
    }
}

/// The user's headers and, over them, ours; and how many of the user's cannot be sent.
fn headers(extra: &Headers, signed: &SignedBody) -> (HeaderMap, usize) {
    let mut headers = HeaderMap::with_capacity(extra.len() + 6);
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
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

/// Reads the rest of an answer, within limits.
async fn drain(mut response: Response) {
    let read = async {
        let mut bytes = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            bytes += chunk.len();
            if bytes > BODY_BYTES {
                return;
            }
        }
    };
    // Too slow or too long: the connection is closed, which takes nothing from the status.
    let _ = time::timeout(BODY_TIME, read).await;
}
