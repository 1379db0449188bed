//! The way of a file's bytes into the store.

use std::io;

use axum::{
    body::Bytes,
    http::{HeaderMap, header::CONTENT_LENGTH},
};
use domain::{
    model::{DeviceId, MediaId},
    ports::{ByteStream, PutError},
};
use fetch::FetchError;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use media::{Kind, sniff};

use super::accepted;
use crate::{api::Api, error::ApiError};

/// What no type's first bytes tell.
const UNKNOWN: &str = "application/octet-stream";

/// As much of a file as all types need to be told.
const HEAD: usize = 64 * 1024;

/// Where a file comes from, for what can be wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The request's body; the field is what users call the file.
    Body(&'static str),
    /// A URL that the request named.
    Url,
}

/// A file in the store, to be thrown away in a day unless it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// How many bytes it has.
    pub size_bytes: u64,
    /// Its type: what its first bytes tell, or else what `said` it is.
    pub mime_type: String,
}

/// More bytes than the limit.
#[derive(Debug, thiserror::Error)]
#[error("larger than the limit")]
struct TooLarge;

/// Puts a file of at most `max_bytes` into the store under the device's `id`; nothing of it if it is empty, too large, cut off, or not of the `kind`.
pub async fn receive<S>(
    api: &Api,
    (device, id): (&DeviceId, &MediaId),
    origin: Origin,
    kind: Option<Kind>,
    said: Option<&str>,
    body: S,
    max_bytes: u64,
) -> Result<Received, ApiError>
where
    S: Stream<Item = io::Result<Bytes>> + Send + 'static,
{
    let mut body = limited(body.boxed(), max_bytes);
    let refused = |error: io::Error| refused(origin, &error, max_bytes);
    let head = open_head(&mut body).await.map_err(refused)?;
    if head.iter().all(Bytes::is_empty) {
        return Err(match origin {
            Origin::Body(field) => ApiError::invalid(field, "the file is empty"),
            Origin::Url => ApiError::invalid("url", "the file is empty"),
        });
    }
    let mime_type = mime_type(&head.concat(), kind, said)?;
    let whole = stream::iter(head.into_iter().map(Ok)).chain(body).boxed();
    match api.media.put(device, id, whole).await {
        Ok(size_bytes) => Ok(Received { size_bytes, mime_type }),
        Err(PutError::Body(error)) => Err(refused(error)),
        Err(PutError::Port(error)) => Err(error.into()),
    }
}

/// The chunks that a file begins with, enough to tell its type.
pub async fn open_head(body: &mut ByteStream) -> io::Result<Vec<Bytes>> {
    let (mut head, mut length) = (Vec::new(), 0);
    while length < HEAD
        && let Some(bytes) = body.try_next().await?
    {
        length += bytes.len();
        head.push(bytes);
    }
    Ok(head)
}

/// The type of a file that begins with `head`, if it can be sent as `kind`.
pub fn mime_type(head: &[u8], kind: Option<Kind>, said: Option<&str>) -> Result<String, ApiError> {
    let found = sniff(head);
    match kind {
        None | Some(Kind::Document) => Ok(found.map(str::to_owned).or_else(|| essence(said?)).unwrap_or_else(|| UNKNOWN.to_owned())),
        Some(kind) => match found {
            Some(mime_type) if kind.accepts(mime_type) => Ok(mime_type.to_owned()),
            found => {
                let details = format!("found {}, expected {}", found.unwrap_or("no known type"), accepted(kind));
                Err(ApiError::InvalidMediaType { details })
            }
        },
    }
}

/// `type/subtype` of what somebody says a type is, if it is one.
pub fn essence(said: &str) -> Option<String> {
    let essence = said.split(';').next()?.trim().to_ascii_lowercase();
    let token = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    let valid = essence.len() <= 100 && essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype));
    valid.then_some(essence)
}

/// Refuses a body that could not have come here in every case.
pub fn arrives(headers: &HeaderMap, max_bytes: Option<u64>) -> Result<(), ApiError> {
    match (length(headers), max_bytes) {
        (Some(length), Some(max_bytes)) if length > max_bytes => Err(ApiError::RequestTooLarge { max_bytes }),
        _ => Ok(()),
    }
}

/// Refuses a body that says of itself that it is too large, before any of it is read. `spare` is what may come with the file.
pub fn promised(headers: &HeaderMap, max_bytes: u64, spare: u64) -> Result<(), ApiError> {
    match length(headers) {
        Some(length) if length > max_bytes.saturating_add(spare) => Err(ApiError::FileTooLarge { max_bytes }),
        _ => Ok(()),
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Breaks off at the first byte beyond the limit.
fn limited(body: ByteStream, max_bytes: u64) -> ByteStream {
    let mut left = max_bytes;
    body.map(move |chunk| {
        let chunk = chunk?;
        left = left.checked_sub(chunk.len() as u64).ok_or_else(|| io::Error::other(TooLarge))?;
        Ok(chunk)
    })
    .boxed()
}

fn refused(origin: Origin, error: &io::Error, max_bytes: u64) -> ApiError {
    let too_large = matches!(FetchError::within(error), Some(FetchError::TooLarge));
    if too_large || error.get_ref().is_some_and(|inner| inner.is::<TooLarge>()) {
        return ApiError::FileTooLarge { max_bytes };
    }
    match origin {
        Origin::Body(_) => ApiError::Validation { details: "the body could not be read to its end".into() },
        Origin::Url => ApiError::invalid("url", FetchError::within(error).map_or_else(|| "broke off".to_owned(), ToString::to_string)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    #[test]
    fn a_file_is_what_its_first_bytes_tell() {
        assert_eq!(mime_type(PNG, Some(Kind::Image), Some("image/jpeg")).unwrap(), "image/png");
        assert_eq!(mime_type(PNG, Some(Kind::Document), Some("text/plain")).unwrap(), "image/png");
        assert_eq!(mime_type(b"hi", Some(Kind::Document), Some("Text/Plain; charset=utf-8")).unwrap(), "text/plain");
        assert_eq!(mime_type(b"hi", None, Some("text/plain\r\nx: y")).unwrap(), UNKNOWN);
        assert_eq!(mime_type(b"hi", None, None).unwrap(), UNKNOWN);
    }

    #[test]
    fn a_file_of_another_kind_is_refused_with_what_it_is_and_what_it_should_be() {
        for (head, found) in [(&b"PK\x03\x04"[..], "application/zip"), (b"<svg>", "no known type")] {
            match mime_type(head, Some(Kind::Image), Some("image/jpeg")) {
                Err(ApiError::InvalidMediaType { details }) => {
                    assert_eq!(details, format!("found {found}, expected JPEG, PNG, WebP or GIF"))
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn the_limit_itself_passes_and_a_byte_more_does_not() {
        let body = |sizes: &[usize]| stream::iter(sizes.iter().map(|size| Ok(vec![b'x'; *size].into())).collect::<Vec<_>>()).boxed();
        let read = async |sizes: &[usize]| limited(body(sizes), 10).try_collect::<Vec<Bytes>>().await;
        assert!(read(&[4, 6]).await.is_ok() && read(&[10, 0]).await.is_ok());
        let error = read(&[4, 7]).await.unwrap_err();
        assert!(matches!(refused(Origin::Url, &error, 10), ApiError::FileTooLarge { max_bytes: 10 }));
    }
}
