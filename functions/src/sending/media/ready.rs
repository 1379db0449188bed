//! Getting a file into the store, wherever it comes from.

use domain::model::{Device, DeviceId, MediaId};
use fetch::{FetchError, Limits};
use media::Kind;

use crate::{
    api::Api,
    error::ApiError,
    files::{self, Origin, Part, Received},
};

/// A file that the store has for a message that is about to be sent.
pub struct Ready {
    pub id: MediaId,
    pub file: Received,
    /// What the file itself is called.
    pub name: Option<String>,
    /// Whether it was put there for this message alone.
    pub own: bool,
}

/// Puts the file of a form into the store.
pub async fn taken_in(api: &Api, device: &DeviceId, kind: Kind, part: Part) -> Result<Ready, ApiError> {
    let (id, name, said) = (api.ids.media(), part.file_name.clone(), part.mime_type.clone());
    let (origin, max_bytes) = (Origin::Body(files::word(kind)), api.config.max_file_bytes);
    let file = files::receive(api, (device, &id), origin, Some(kind), said.as_deref(), part.body(), max_bytes).await?;
    Ok(Ready { id, file, name, own: true })
}

/// Gives a file that waited to its device.
pub async fn hand_over(api: &Api, from: &DeviceId, to: &DeviceId, id: &MediaId) -> Result<(), ApiError> {
    let file = api.media.open(from, id).await?.ok_or(ApiError::MediaNotFound)?;
    api.media.put(to, id, file.body).await.map_err(|error| ApiError::Internal(error.into()))?;
    Ok(())
}

/// Gets what lies at a URL.
pub async fn fetched(api: &Api, device: &Device, kind: Kind, url: &str) -> Result<Ready, ApiError> {
    let max_bytes = api.config.max_file_bytes;
    let found = api.fetcher.get(url, Limits::bytes(max_bytes)).await.map_err(|error| match error {
        FetchError::TooLarge => ApiError::FileTooLarge { max_bytes },
        error => ApiError::invalid("url", error),
    })?;
    let id = api.ids.media();
    let said = found.content_type.as_deref();
    let file = files::receive(api, (&device.id, &id), Origin::Url, Some(kind), said, found.body, max_bytes).await?;
    Ok(Ready { id, file, name: found.file_name, own: true })
}

/// Finds what was handed in before.
pub async fn handed_in(api: &Api, device: &Device, kind: Kind, id: MediaId) -> Result<Ready, ApiError> {
    let mut stored = api.media.open(&device.id, &id).await?.ok_or(ApiError::MediaNotFound)?;
    // A bucket takes a file of any size by a ticket.
    match (stored.size_bytes, api.config.max_file_bytes) {
        (0, _) => return Err(ApiError::invalid("mediaId", "the file is empty")),
        (size_bytes, max_bytes) if size_bytes > max_bytes => return Err(ApiError::FileTooLarge { max_bytes }),
        _ => {}
    }
    let head = files::open_head(&mut stored.body).await.map_err(|error| ApiError::Internal(error.into()))?;
    let mime_type = files::mime_type(&head.concat(), Some(kind), None)?;
    Ok(Ready { name: files::name_in(&id), id, file: Received { size_bytes: stored.size_bytes, mime_type }, own: false })
}

/// Refuses a request whose file was put into the store.
pub async fn discarded<T>(api: &Api, device: &DeviceId, id: &MediaId, error: ApiError) -> Result<T, ApiError> {
    api.media.delete(device, id).await?;
    Err(error)
}
