//! Getting what lies at a URL that a user gave.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_DISPOSITION, CONTENT_TYPE},
};
use reqwest::{Method, Response};

use crate::{FetchError, Reach, client::Client, name};

/// How long a connection may take, with the look-up before and TLS after it.
const CONNECT: Duration = Duration::from_secs(5);

/// How much may be fetched, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most bytes of a body.
    pub max_bytes: u64,
    /// From the start to the end of the body; a slow reader of the body uses it up too.
    pub timeout: Duration,
}

impl Limits {
    /// Up to this many bytes within the usual 30 seconds.
    pub fn bytes(max_bytes: u64) -> Self {
        Self { max_bytes, timeout: Duration::from_secs(30) }
    }
}

/// Fetches. Clones share their connections.
#[derive(Clone)]
pub struct Fetcher(Client);

impl Fetcher {
    /// Fetches from where `reach` allows.
    pub fn new(reach: Reach) -> Self {
        Self(Client::new(reach, |builder| builder.connect_timeout(CONNECT)))
    }

    /// The head of a 2xx answer has come, and it does not promise more than `limits` allow: the body is still to be read.
    pub async fn get(&self, url: &str, limits: Limits) -> Result<Fetched, FetchError> {
        let request = self.0.request(Method::GET, url)?.timeout(limits.timeout);
        let request = request.header(ACCEPT, "*/*").header(ACCEPT_ENCODING, "identity");
        let response = request.send().await?;
        let status = response.status();
        if !status.is_success() {
            return Err(FetchError::Status(status.as_u16()));
        }
        let size = response.content_length();
        if size.is_some_and(|size| size > limits.max_bytes) {
            return Err(FetchError::TooLarge);
        }
        Ok(Fetched {
            content_type: text(response.headers(), CONTENT_TYPE.as_str()),
            file_name: file_name(&response),
            size,
            body: Body { chunks: Box::pin(response.bytes_stream()), left: limits.max_bytes, over: false },
        })
    }
}

/// What lies at a URL.
pub struct Fetched {
    /// The header `Content-Type`, as sent: not to be believed.
    pub content_type: Option<String>,
    /// From `Content-Disposition` or the URL's path; safe as a file's name.
    pub file_name: Option<String>,
    /// How many bytes the body will have, if the server says so.
    pub size: Option<u64>,
    /// The bytes.
    pub body: Body,
}

/// A body as it comes in. Ends with an error ([`FetchError::within`]) if it is too large, too slow or breaks off.
pub struct Body {
    chunks: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    left: u64,
    over: bool,
}

impl Body {
    /// All of it.
    pub async fn bytes(mut self) -> Result<Bytes, FetchError> {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = self.next_chunk().await {
            bytes.extend_from_slice(&chunk?);
        }
        Ok(bytes.freeze())
    }

    /// Its first `most` bytes, or all if it is shorter: the rest is not read, and is no error.
    pub async fn prefix(mut self, most: usize) -> Result<Bytes, FetchError> {
        let mut bytes = BytesMut::new();
        while bytes.len() < most
            && let Some(chunk) = self.next_chunk().await
        {
            bytes.extend_from_slice(&chunk?);
        }
        bytes.truncate(most);
        Ok(bytes.freeze())
    }

    async fn next_chunk(&mut self) -> Option<Result<Bytes, FetchError>> {
        std::future::poll_fn(|context| self.poll_chunk(context)).await
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, FetchError>>> {
        if self.over {
            return Poll::Ready(None);
        }
        let chunk = ready!(self.chunks.poll_next_unpin(context)).map(|chunk| {
            let chunk = chunk?;
            self.left = self.left.checked_sub(chunk.len() as u64).ok_or(FetchError::TooLarge)?;
            Ok(chunk)
        });
        self.over = !matches!(chunk, Some(Ok(_)));
        Poll::Ready(chunk)
    }
}

impl Stream for Body {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_chunk(context).map(|chunk| chunk.map(|chunk| chunk.map_err(io::Error::other)))
    }
}

fn file_name(response: &Response) -> Option<String> {
    let disposition = text(response.headers(), CONTENT_DISPOSITION.as_str());
    disposition.and_then(|disposition| name::of_disposition(&disposition)).or_else(|| name::of_path(response.url().path()))
}

/// A header, whose bytes may be of any encoding.
fn text(headers: &HeaderMap<HeaderValue>, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}
