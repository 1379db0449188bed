//! Asking a service of the operator's: a request with a body, and the whole answer whichever its status.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use reqwest::Method;
use tokio::time;

use crate::{FetchError, Limits, Poster};

/// What a service answered.
#[derive(Debug)]
pub struct Answer {
    /// Whichever it is.
    pub status: StatusCode,
    /// As sent.
    pub headers: HeaderMap,
    /// All of it.
    pub body: Bytes,
}

impl Poster {
    /// Posts and reads the whole answer, within `limits`. `headers` take precedence over ours.
    pub async fn ask(&self, url: &str, headers: HeaderMap, body: impl Into<Bytes>, limits: Limits) -> Result<Answer, FetchError> {
        let Limits { max_bytes, timeout } = limits;
        let request = self.client().request(Method::POST, url)?.headers(headers).body(body.into());
        within(timeout, async {
            let mut response = request.send().await?;
            let mut body = BytesMut::new();
            while let Some(chunk) = response.chunk().await? {
                if body.len() as u64 + chunk.len() as u64 > max_bytes {
                    return Err(FetchError::TooLarge);
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Answer { status: response.status(), headers: std::mem::take(response.headers_mut()), body: body.freeze() })
        })
        .await
    }
}

async fn within<T>(timeout: Duration, asking: impl Future<Output = Result<T, FetchError>>) -> Result<T, FetchError> {
    time::timeout(timeout, asking).await.unwrap_or(Err(FetchError::TimedOut))
}
