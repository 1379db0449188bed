//! The way of a file into the bucket: at once if it is small, in parts otherwise, and never more than a part of it in memory.

use aws_sdk_s3::{
    primitives,
    types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart},
};
use bytes::{Bytes, BytesMut};
use domain::ports::{ByteStream, PortError, PutError};
use futures::{StreamExt, TryStreamExt, stream::Fuse};

use super::{Bucket, UNKEPT};
use crate::error::{flaw, unavailable};

/// The least that S3 takes for a part that is not the last.
const PART: usize = 5 * 1024 * 1024;

impl Bucket {
    /// Stores all of `body`, unkept, and answers its size. Until it is there, there is what was there before.
    pub(super) async fn upload(&self, key: &str, body: ByteStream) -> Result<u64, PutError> {
        let mut body = body.fuse();
        let first = part(&mut body).await?;
        if first.len() < PART {
            let size_bytes = first.len() as u64;
            let request = self.client.put_object().bucket(&self.name).key(key).tagging(UNKEPT).body(first.into());
            request.send().await.map_err(unavailable)?;
            return Ok(size_bytes);
        }
        let request = self.client.create_multipart_upload().bucket(&self.name).key(key).tagging(UNKEPT);
        let begun = request.checksum_algorithm(ChecksumAlgorithm::Crc32).send().await.map_err(unavailable)?;
        let id = begun.upload_id.ok_or_else(|| flaw("an upload has no id"))?;
        let uploaded = self.in_parts(key, &id, first, body).await;
        if uploaded.is_err() {
            let aborted = self.client.abort_multipart_upload().bucket(&self.name).key(key).upload_id(&id).send().await;
            if let Err(error) = aborted.map_err(unavailable) {
                // The bucket forgets it by itself in a day.
                tracing::warn!(?error, "an unfinished file was left behind");
            }
        }
        uploaded
    }

    async fn in_parts(&self, key: &str, id: &str, first: Bytes, mut body: Fuse<ByteStream>) -> Result<u64, PutError> {
        let (mut parts, mut size_bytes, mut next) = (Vec::new(), 0, first);
        while !next.is_empty() {
            size_bytes += next.len() as u64;
            parts.push(self.part(key, id, parts.len() + 1, next).await?);
            next = part(&mut body).await?;
        }
        let whole = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let request = self.client.complete_multipart_upload().bucket(&self.name).key(key).upload_id(id).multipart_upload(whole);
        request.send().await.map_err(unavailable)?;
        Ok(size_bytes)
    }

    async fn part(&self, key: &str, id: &str, number: usize, bytes: Bytes) -> Result<CompletedPart, PortError> {
        let number = i32::try_from(number).map_err(flaw)?;
        let request = self.client.upload_part().bucket(&self.name).key(key).upload_id(id).part_number(number);
        let request = request.checksum_algorithm(ChecksumAlgorithm::Crc32).body(primitives::ByteStream::from(bytes));
        let done = request.send().await.map_err(unavailable)?;
        let part = CompletedPart::builder().part_number(number).set_e_tag(done.e_tag).set_checksum_crc32(done.checksum_crc32);
        Ok(part.build())
    }
}

/// The next bytes: those of a part, or the rest.
async fn part(body: &mut Fuse<ByteStream>) -> Result<Bytes, PutError> {
    let mut part = BytesMut::new();
    while part.len() < PART
        && let Some(bytes) = body.try_next().await.map_err(PutError::Body)?
    {
        part.extend_from_slice(&bytes);
    }
    Ok(part.freeze())
}
