//! Files in a bucket. What is not kept has a tag that its rule of a day's life goes by.

mod link;
mod upload;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::{
    Client,
    error::ProvideErrorMetadata,
    types::{Delete, ObjectIdentifier, Tag, Tagging},
};
use domain::{
    model::{DeviceId, MediaId, Timestamp},
    ports::{ByteStream, Clock, LinkOptions, Media, PortError, PutError, StoredFile, SystemClock, UploadTicket},
};
use futures::{StreamExt, stream};
use sha2::{Digest, Sha256};

use crate::{
    Clients, Resources,
    error::{flaw, unavailable},
};

/// How an upload is tagged that was not kept yet.
const UNKEPT: &str = "kept=no";

/// S3 signs for no longer.
const LONGEST_LINK: Duration = Duration::from_secs(7 * 24 * 3600);

/// The files of all devices. Cheap to clone.
#[derive(Clone)]
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// Asks nothing of anybody yet.
    pub fn new(clients: &Clients, resources: &Resources) -> Self {
        Self { client: clients.s3(), name: resources.files_bucket.clone() }
    }
}

#[async_trait]
impl Media for Bucket {
    async fn put(&self, device: &DeviceId, id: &MediaId, body: ByteStream) -> Result<u64, PutError> {
        self.upload(&key(device, id), body).await
    }

    async fn keep(&self, device: &DeviceId, id: &MediaId) -> Result<bool, PortError> {
        let kept = Tag::builder().key("kept").value("yes").build().map_err(flaw)?;
        let tagging = Tagging::builder().tag_set(kept).build().map_err(flaw)?;
        let request = self.client.put_object_tagging().bucket(&self.name).key(key(device, id)).tagging(tagging);
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("NoSuchKey") => Ok(false),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn open(&self, device: &DeviceId, id: &MediaId) -> Result<Option<StoredFile>, PortError> {
        let object = match self.client.get_object().bucket(&self.name).key(key(device, id)).send().await {
            Ok(object) => object,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => return Ok(None),
            Err(error) => return Err(unavailable(error)),
        };
        let size_bytes = object.content_length.and_then(|length| u64::try_from(length).ok()).ok_or_else(|| flaw("a file has no length"))?;
        let body = stream::try_unfold(object.body, |mut body| async move {
            let bytes = body.try_next().await?;
            Ok(bytes.map(|bytes| (bytes, body)))
        });
        Ok(Some(StoredFile { size_bytes, body: body.boxed() }))
    }

    async fn presign(&self, device: &DeviceId, id: &MediaId, until: Timestamp, options: &LinkOptions) -> Result<Option<String>, PortError> {
        let request = self.client.get_object().bucket(&self.name).key(key(device, id));
        let request = request.response_content_type(link::content_type(options)).response_content_disposition(link::disposition(options));
        let signed = request.presigned(link::until(until, SystemClock.now())?).await.map_err(unavailable)?;
        Ok(Some(signed.uri().to_owned()))
    }

    /// S3 takes a file of any size here: whoever uses it asks for its size first, which [`Media::open`] answers.
    async fn ticket(&self, device: &DeviceId, id: &MediaId, until: Timestamp, _max_bytes: u64) -> Result<UploadTicket, PortError> {
        let request = self.client.put_object().bucket(&self.name).key(key(device, id)).tagging(UNKEPT);
        let signed = request.presigned(link::until(until, SystemClock.now())?).await.map_err(unavailable)?;
        let headers = signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(UploadTicket { url: signed.uri().to_owned(), headers })
    }

    async fn check(&self) -> Result<(), PortError> {
        self.client.head_bucket().bucket(&self.name).send().await.map_err(unavailable)?;
        Ok(())
    }

    async fn delete(&self, device: &DeviceId, id: &MediaId) -> Result<(), PortError> {
        self.client.delete_object().bucket(&self.name).key(key(device, id)).send().await.map_err(unavailable)?;
        Ok(())
    }

    async fn clear(&self, device: &DeviceId) -> Result<(), PortError> {
        let prefix = format!("{}/", name(device.as_str()));
        let mut pages = self.client.list_objects_v2().bucket(&self.name).prefix(prefix).into_paginator().send();
        while let Some(page) = pages.next().await {
            // A page has at most as many as can be deleted at once.
            let keys = page.map_err(unavailable)?.contents.unwrap_or_default().into_iter().filter_map(|object| object.key);
            let objects = keys.map(|key| ObjectIdentifier::builder().key(key).build()).collect::<Result<Vec<_>, _>>().map_err(flaw)?;
            if objects.is_empty() {
                continue;
            }
            let deletion = Delete::builder().set_objects(Some(objects)).quiet(true).build().map_err(flaw)?;
            let deleted = self.client.delete_objects().bucket(&self.name).delete(deletion).send().await.map_err(unavailable)?;
            if let Some(error) = deleted.errors().first() {
                return Err(flaw(format!("a file could not be deleted: {}", error.code().unwrap_or_default())));
            }
        }
        Ok(())
    }
}

fn key(device: &DeviceId, id: &MediaId) -> String {
    format!("{}/{}", name(device.as_str()), name(id.as_str()))
}

/// What an id is called within a key: as it is if no URL has another way to write it, any other by its hash.
fn name(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let plain = id.bytes().all(plain) && id.bytes().any(|byte| byte != b'.');
    if plain { id.to_owned() } else { format!("~{}", hex::encode(Sha256::digest(id))) }
}
