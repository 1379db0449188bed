//! `GET /media/{deviceId}/{mediaId}`: a file, for whoever has a link to it. It may be anybody's: browsers must not take it for a page of ours.

use std::{collections::BTreeMap, ops::Range, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
            IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    model::{DeviceId, MediaId},
    ports::{ByteStream, LinkOptions},
};
use futures::{TryStreamExt, stream};

use super::{Link, check};
use crate::{
    api::Api,
    error::ApiError,
    extract::{Path, Query},
    files::disposition,
    openapi::{Content, Operation},
};

const PDF: &str = "application/pdf";

/// How long a storage that hands files out itself is given to begin.
const TO_BEGIN: Duration = Duration::from_secs(15 * 60);

pub fn doc() -> Operation {
    Operation::new("downloadFile", "Media", "Download a file")
        .describe("Follow a message's `mediaUrl` as it is: it is all the permission there is, and good for a day. Takes `Range`.")
        .open()
        .query::<Link>()
        .answers_with(200, "The file.", Content::Bytes)
        .answers_with(206, "The part of it that was asked for.", Content::Bytes)
        .answers_with(307, "Where the storage hands it out, on AWS.", Content::Nothing)
        .answers_with(416, "It has no such part.", Content::Nothing)
        .refuses([ApiError::Forbidden(""), ApiError::MediaNotFound, ApiError::Internal("".into())])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Path((device, id)): Path<(DeviceId, MediaId)>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    check(&api, "GET", &device, &id, &query)?;
    let options = LinkOptions { mime_type: query.get("type").cloned(), file_name: query.get("name").cloned() };
    if let Some(there) = api.media.presign(&device, &id, api.clock.now() + TO_BEGIN, &options).await? {
        return Ok(([(CACHE_CONTROL, "no-store")], Redirect::temporary(&there)).into_response());
    }
    let file = api.media.open(&device, &id).await?.ok_or(ApiError::MediaNotFound)?;
    let mime_type = query.get("type").map_or("application/octet-stream", String::as_str);
    let size = file.size_bytes;
    let range = match asked(&headers, size) {
        Asked::Whole => None,
        Asked::Part(range) => Some(range),
        Asked::Nothing => return Ok((StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, format!("bytes */{size}"))]).into_response()),
    };
    let Range { start, end } = range.clone().unwrap_or(0..size);
    let mut response = Body::from_stream(section(file.body, start, end - start)).into_response();
    if range.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        response.headers_mut().insert(CONTENT_RANGE, text(&format!("bytes {start}-{}/{size}", end - 1)));
    }
    let disposition = disposition(is_safe(mime_type), query.get("name").map(String::as_str));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, text(mime_type));
    headers.insert(CONTENT_DISPOSITION, text(&disposition));
    headers.insert(CONTENT_LENGTH, (end - start).into());
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Browsers refuse to show a PDF in a sandbox, and have one of their own for it.
    if mime_type != PDF {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    }
    Ok(response)
}

/// Whether a browser may show it where it is: nothing in it runs.
fn is_safe(mime_type: &str) -> bool {
    let essence = mime_type.split(';').next().unwrap_or_default().trim();
    let picture = matches!(essence, "image/jpeg" | "image/png" | "image/gif" | "image/webp");
    picture || essence.starts_with("audio/") || essence.starts_with("video/") || essence == PDF
}

/// A type and a name of any sender are text of any kind.
fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"))
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part(Range<u64>),
    /// A part that lies behind the end.
    Nothing,
}

/// One range of bytes; whatever else is asked for is answered with the whole.
fn asked(headers: &HeaderMap, size: u64) -> Asked {
    // Files have no tags that could tell whether the client's part is of this one.
    let Some(range) = headers.get(RANGE).filter(|_| !headers.contains_key(IF_RANGE)) else { return Asked::Whole };
    let bounds = range.to_str().ok().and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let number = |text: &str| if text.is_empty() { Some(None) } else { text.parse::<u64>().ok().map(Some) };
    match bounds.and_then(|(first, last)| Some((number(first)?, number(last)?))) {
        Some((Some(first), Some(last))) if first > last => Asked::Whole,
        Some((Some(first), _)) if first >= size => Asked::Nothing,
        Some((Some(first), last)) => Asked::Part(first..last.map_or(size, |last| last.saturating_add(1).min(size))),
        Some((None, Some(0))) => Asked::Nothing,
        Some((None, Some(_))) if size == 0 => Asked::Nothing,
        Some((None, Some(last))) => Asked::Part(size.saturating_sub(last)..size),
        Some((None, None)) | None => Asked::Whole,
    }
}

/// `length` bytes from `start` on.
fn section(body: ByteStream, start: u64, length: u64) -> ByteStream {
    let next = async |(mut body, mut skip, mut left): (ByteStream, u64, u64)| {
        while left > 0
            && let Some(mut bytes) = body.try_next().await?
        {
            let skipped = bytes.split_to(fitting(&bytes, skip));
            skip -= skipped.len() as u64;
            bytes.truncate(fitting(&bytes, left));
            left -= bytes.len() as u64;
            if !bytes.is_empty() {
                return Ok(Some((bytes, (body, skip, left))));
            }
        }
        Ok(None)
    };
    Box::pin(stream::try_unfold((body, start, length), next))
}

/// How many of these bytes are among the next `most`.
fn fitting(bytes: &Bytes, most: u64) -> usize {
    usize::try_from(most).unwrap_or(usize::MAX).min(bytes.len())
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;

    #[test]
    fn one_range_is_understood() {
        for (range, part) in [
            ("bytes=0-3", Asked::Part(0..4)),
            ("bytes=4-", Asked::Part(4..10)),
            ("bytes=4-100", Asked::Part(4..10)),
            ("bytes=-3", Asked::Part(7..10)),
            ("bytes=-30", Asked::Part(0..10)),
            ("bytes=9-18446744073709551615", Asked::Part(9..10)),
            ("bytes=10-", Asked::Nothing),
            ("bytes=-0", Asked::Nothing),
            ("bytes=3-2", Asked::Whole),
            ("bytes=0-1,3-4", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("lines=0-1", Asked::Whole),
            ("", Asked::Whole),
        ] {
            let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static(range))]);
            assert_eq!(asked(&headers, 10), part, "{range}");
        }
    }

    #[tokio::test]
    async fn a_section_is_the_same_in_chunks_of_any_size() {
        for size in 1..=10 {
            let body = || {
                let chunks: Vec<_> = b"0123456789".chunks(size).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
                stream::iter(chunks).boxed()
            };
            for (start, length, expected) in [(0, 10, "0123456789"), (3, 4, "3456"), (9, 1, "9"), (0, 0, ""), (5, 100, "56789")] {
                let bytes: Vec<Bytes> = section(body(), start, length).try_collect().await.unwrap();
                assert_eq!(bytes.concat(), expected.as_bytes(), "{size} {start} {length}");
            }
        }
    }

    #[test]
    fn browsers_show_only_what_nothing_runs_in() {
        assert!(is_safe("image/png") && is_safe("audio/ogg; codecs=opus") && is_safe("application/pdf"));
        assert!(!is_safe("image/svg+xml") && !is_safe("text/html") && !is_safe("") && !is_safe("application/xhtml+xml"));
    }
}
