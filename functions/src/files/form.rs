//! A form with a file in it (`multipart/form-data`), its parts in any order.

use std::{
    collections::BTreeMap,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, BodyDataStream, Bytes},
    extract::Request,
    http::{
        HeaderMap,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
};
use futures::{Stream, StreamExt, TryStreamExt};
use multer::{Constraints, Field, Multipart, SizeLimit};

use super::{original_name, promised};
use crate::error::ApiError;

/// What may come besides the file: its fields, headers and boundaries.
const SPARE: u64 = 1024 * 1024;

/// A form that is being read.
pub struct Form {
    parts: Multipart<'static>,
    file: &'static str,
    max_bytes: u64,
    /// Those read so far: of several of one name the first, of `mentions` all.
    fields: BTreeMap<&'static str, Vec<String>>,
    spare: usize,
}

/// The file in a form.
pub struct Part {
    /// What its sender calls it.
    pub file_name: Option<String>,
    /// What its sender says it is.
    pub mime_type: Option<String>,
    field: Field<'static>,
}

/// Whether the body is a form.
pub fn is_form(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("multipart/form-data")
}

impl Form {
    /// The form that a request is, with one file of at most `max_bytes` in a part called `file`, or just "file".
    pub fn new(request: Request, file: &'static str, max_bytes: u64) -> Result<Self, ApiError> {
        promised(request.headers(), max_bytes, SPARE)?;
        let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(value)
            .map_err(|_| ApiError::Validation { details: "the header Content-Type names no boundary".into() })?;
        let limit = SizeLimit::new().whole_stream(max_bytes.saturating_add(SPARE));
        let constraints = Constraints::new().size_limit(limit);
        let parts = Multipart::with_constraints(Chunks::of(request.into_body()), boundary, constraints);
        Ok(Self { parts, file, max_bytes, fields: BTreeMap::new(), spare: SPARE as usize })
    }

    /// Reads on to the next file; `None` at the end of the form.
    pub async fn next_file(&mut self) -> Result<Option<Part>, ApiError> {
        while let Some(mut part) = self.parts.next_field().await.map_err(|error| self.refused(&error))? {
            let name = part.name().unwrap_or_default().to_owned();
            if name == self.file || name == "file" {
                return Ok(Some(Part::of(part)));
            }
            // What nobody asks for is skipped, be it a file.
            let Some(name) = known(&name) else { continue };
            let mut value = Vec::new();
            while let Some(bytes) = part.chunk().await.map_err(|error| self.refused(&error))? {
                self.spare = self.spare.checked_sub(bytes.len()).ok_or(ApiError::PayloadTooLarge)?;
                value.extend_from_slice(&bytes);
            }
            let value = String::from_utf8(value).map_err(|_| ApiError::invalid(name, "not UTF-8"))?;
            let values = self.fields.entry(name).or_default();
            if values.is_empty() || name == "mentions" {
                values.push(value);
            }
        }
        Ok(None)
    }

    /// A field, if it was read already and is not empty.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.first().map(String::as_str).filter(|value| !value.is_empty())
    }

    /// All values of a field.
    pub fn values(&self, name: &str) -> &[String] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }

    fn refused(&self, error: &multer::Error) -> ApiError {
        match error {
            multer::Error::StreamSizeExceeded { .. } => ApiError::FileTooLarge { max_bytes: self.max_bytes },
            _ => ApiError::Validation { details: "the body is no complete form".into() },
        }
    }
}

/// The fields of a request to send a file. PHP calls the items of a list `mentions[0]`, and so on.
fn known(name: &str) -> Option<&'static str> {
    if name.starts_with("mentions[") {
        return Some("mentions");
    }
    ["sessionId", "recipient", "caption", "fileName", "isVoiceNote", "url", "mediaId", "quoted", "delay", "mentions"]
        .into_iter()
        .find(|known| *known == name)
}

impl Part {
    fn of(field: Field<'static>) -> Self {
        let disposition = field.headers().get(CONTENT_DISPOSITION).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let file_name = field.file_name().and_then(fetch::file_name).or_else(|| original_name(&disposition?));
        Self { file_name, mime_type: field.content_type().map(ToString::to_string), field }
    }

    /// Its bytes.
    pub fn body(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        self.field.map_err(io::Error::other)
    }
}

/// A body that gives its reader one chunk a turn: multer reads, into memory, for as long as there is something to read.
struct Chunks {
    body: BodyDataStream,
    gave: bool,
}

impl Chunks {
    fn of(body: Body) -> Self {
        Self { body: body.into_data_stream(), gave: false }
    }
}

impl Stream for Chunks {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.gave) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let chunk = self.body.poll_next_unpin(context);
        self.gave = matches!(chunk, Poll::Ready(Some(_)));
        chunk
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use futures::stream;

    use super::*;

    const FORM: &str = "--xyz\r\nContent-Disposition: form-data; name=\"recipient\"\r\n\r\n6281100000001\r\n\
        --xyz\r\nContent-Disposition: form-data; name=\"image\"; filename=\"../東京.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nbytes\r\n--xy\r\n\
        --xyz\r\nContent-Disposition: form-data; name=\"mentions[]\"\r\n\r\n1\r\n\
        --xyz\r\nContent-Disposition: form-data; name=\"mentions[]\"\r\n\r\n2\r\n\
        --xyz\r\nContent-Disposition: form-data; name=\"unknown\"\r\n\r\nx\r\n\
        --xyz\r\nContent-Disposition: form-data; name=\"recipient\"\r\n\r\nother\r\n--xyz--\r\n";

    /// In chunks of `size` bytes.
    fn form(text: &str, size: usize, max_bytes: u64) -> Form {
        let chunks: Vec<io::Result<Vec<u8>>> = text.as_bytes().chunks(size).map(|chunk| Ok(chunk.to_vec())).collect();
        let request = Request::post("/").header(CONTENT_TYPE, "multipart/form-data; boundary=xyz");
        Form::new(request.body(Body::from_stream(stream::iter(chunks))).unwrap(), "image", max_bytes).unwrap()
    }

    #[tokio::test]
    async fn parts_come_in_any_order_and_in_chunks_of_any_size() {
        for size in [1, 2, 7, 64, 4096] {
            let mut form = form(FORM, size, 1000);
            let part = form.next_file().await.unwrap().unwrap();
            assert_eq!((part.file_name.as_deref(), part.mime_type.as_deref()), (Some("東京.jpg"), Some("image/jpeg")));
            assert_eq!((form.field("recipient"), form.values("mentions").len()), (Some("6281100000001"), 0));
            let bytes: Vec<Bytes> = part.body().try_collect().await.unwrap();
            assert_eq!(bytes.concat(), b"bytes\r\n--xy");
            assert!(form.next_file().await.unwrap().is_none());
            assert_eq!((form.field("recipient"), form.values("mentions")), (Some("6281100000001"), &["1".to_owned(), "2".to_owned()][..]));
        }
    }

    #[tokio::test]
    async fn a_form_that_was_cut_off_is_none() {
        for end in 1..FORM.len() - 4 {
            if !FORM.is_char_boundary(end) {
                continue;
            }
            let mut form = form(&FORM[..end], 16, 1000);
            let read = async {
                while let Some(part) = form.next_file().await? {
                    let read = part.body().try_collect::<Vec<Bytes>>().await;
                    read.map_err(|_| ApiError::Validation { details: String::new() })?;
                }
                Ok::<_, ApiError>(())
            };
            assert!(matches!(read.await, Err(ApiError::Validation { .. })), "{end}");
        }
    }

    #[test]
    fn a_form_that_says_it_is_too_large_is_not_read() {
        let request = |length: u64| {
            let request = Request::post("/").header(CONTENT_TYPE, "multipart/form-data; boundary=xyz").header("content-length", length);
            Form::new(request.body(Body::empty()).unwrap(), "image", 10)
        };
        assert!(request(10 + SPARE).is_ok());
        assert!(matches!(request(11 + SPARE), Err(ApiError::FileTooLarge { max_bytes: 10 })));
    }
}
