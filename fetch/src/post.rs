//! Posting to a receiver that a user named.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use reqwest::{Method, Response};
use tokio::time;

use crate::{FetchError, Reach, client::Client};

/// An answer's body is read, so that the connection can be used again, up to this size …
const BODY_BYTES: usize = 64 * 1024;

/// … and for this long.
const BODY_TIME: Duration = Duration::from_millis(500);

/// Posts to receivers. Clones share their connections.
#[derive(Clone)]
pub struct Poster(Client);

impl Poster {
    /// Posts to where `reach` allows.
    pub fn new(reach: Reach) -> Self {
        Self(Client::new(reach, |builder| builder.pool_max_idle_per_host(256)))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0
    }

    /// The status and the headers that a receiver answers with in time, whichever they are. `headers` take precedence over ours.
    pub(crate) async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: impl Into<Bytes>,
        timeout: Duration,
    ) -> Result<(StatusCode, HeaderMap), FetchError> {
        let request = self.0.request(Method::POST, url)?.headers(headers).timeout(timeout).body(body.into());
        let mut response = request.send().await?;
        let answered = (response.status(), std::mem::take(response.headers_mut()));
        drain(response).await;
        Ok(answered)
    }
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
