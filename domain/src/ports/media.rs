//! Files.

use std::io;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use super::PortError;
use crate::model::{DeviceId, MediaId, Timestamp};

/// Bytes as they come in or go out; never a whole file at once.
pub type ByteStream = BoxStream<'static, io::Result<Bytes>>;

/// Why a file was not stored.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The bytes could not be read to their end.
    #[error("the file could not be read to its end")]
    Body(#[source] io::Error),
    /// The store failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// A file in the store.
pub struct StoredFile {
    /// How many bytes it has.
    pub size_bytes: u64,
    /// Them.
    pub body: ByteStream,
}

/// What a link tells of the file to whoever follows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkOptions {
    /// Its type.
    pub mime_type: Option<String>,
    /// What to call it.
    pub file_name: Option<String>,
}

/// How to hand in a file without going through the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadTicket {
    /// Where to `PUT` its bytes.
    pub url: String,
    /// Headers that have to come along.
    pub headers: Vec<(String, String)>,
}

/// Keeps the files of devices. A file that is put is kept for a day, unless [`Media::keep`] is called for it.
#[async_trait]
pub trait Media: Send + Sync {
    /// Stores all of `body` as the device's file `id`, in place of any former one, and answers its size. A file is seen whole or not at all.
    async fn put(&self, device: &DeviceId, id: &MediaId, body: ByteStream) -> Result<u64, PutError>;

    /// Keeps the file for as long as its device; `false` if there is none. May be repeated.
    async fn keep(&self, device: &DeviceId, id: &MediaId) -> Result<bool, PortError>;

    /// The file, to be read from its beginning.
    async fn open(&self, device: &DeviceId, id: &MediaId) -> Result<Option<StoredFile>, PortError>;

    /// A URL by which the storage itself hands the file out to anyone until `until`, or until its own credentials end; `None` if it hands out nothing.
    async fn presign(&self, device: &DeviceId, id: &MediaId, until: Timestamp, options: &LinkOptions) -> Result<Option<String>, PortError>;

    /// A way to put the file, of at most `max_bytes`, until `until`.
    async fn ticket(&self, device: &DeviceId, id: &MediaId, until: Timestamp, max_bytes: u64) -> Result<UploadTicket, PortError>;

    /// Fails if files cannot be stored at the moment.
    async fn check(&self) -> Result<(), PortError>;

    /// Deletes the file; absent is fine.
    async fn delete(&self, device: &DeviceId, id: &MediaId) -> Result<(), PortError>;

    /// Deletes all files of the device. A crash may leave some: repeat it.
    async fn clear(&self, device: &DeviceId) -> Result<(), PortError>;
}
