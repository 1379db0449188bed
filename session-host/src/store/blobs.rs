//! Opaque bytes of any size. A session that skipped thousands of messages, or a message full of thumbnails, outgrows one value of the
//! port; refusing it would let a peer wedge the device, so such a blob is cut into pieces.

use bytes::Bytes;
use domain::{model::Timestamp, ports::Op};
use wacore::store::error::{Result, StoreError};

use super::{DeviceBackend, keys::key};

/// A value holds at most 300 KB, one byte of which counts the pieces that follow in rows of their own.
const PIECE: usize = 299_000;

impl DeviceBackend {
    /// The bytes last put under `key`.
    pub(super) async fn get_blob(&self, key: &str) -> Result<Option<Bytes>> {
        match self.get(key).await? {
            Some(head) if head.first() == Some(&0) => Ok(Some(Bytes::from(head).slice(1..))),
            Some(_) => self.get_large_blob(key).await,
            None => Ok(None),
        }
    }

    /// Puts all blobs at once.
    pub(super) async fn put_blobs(&self, blobs: &[(String, &[u8])], expires_at: Option<Timestamp>) -> Result<()> {
        let large = blobs.iter().any(|(_, bytes)| bytes.len() > PIECE);
        let _turn = if large { Some(self.turns.large_blobs.lock().await) } else { None };
        let mut ops = Vec::with_capacity(blobs.len());
        for (key, bytes) in blobs {
            push_blob(&mut ops, key, bytes, expires_at)?;
        }
        self.write(ops).await
    }

    /// Reads under the lock that every write of large blobs takes, so that all pieces are of one blob. Small blobs are written and
    /// blobs are deleted without it, which leaves the pieces alone.
    async fn get_large_blob(&self, blob: &str) -> Result<Option<Bytes>> {
        let _turn = self.turns.large_blobs.lock().await;
        let Some(head) = self.get(blob).await? else { return Ok(None) };
        let Some((&count, first)) = head.split_first() else { return Err(incomplete()) };
        let pieces: Vec<String> = (1..=count).map(|number| piece_key(blob, number)).collect();
        let mut bytes = first.to_vec();
        for piece in self.get_many(&pieces).await? {
            bytes.extend(piece.ok_or_else(incomplete)?);
        }
        Ok(Some(bytes.into()))
    }
}

fn push_blob(ops: &mut Vec<Op>, key: &str, bytes: &[u8], expires_at: Option<Timestamp>) -> Result<()> {
    let mut pieces = bytes.chunks(PIECE);
    let first = pieces.next().unwrap_or_default();
    let count = u8::try_from(pieces.len()).map_err(|_| StoreError::Validation("a blob of more than 76 MB".into()))?;
    for (number, piece) in (1..=count).zip(pieces) {
        ops.push(Op::Put { key: piece_key(key, number), value: piece.to_vec(), expires_at });
    }
    let mut value = Vec::with_capacity(1 + first.len());
    value.push(count);
    value.extend_from_slice(first);
    ops.push(Op::Put { key: key.to_owned(), value, expires_at });
    Ok(())
}

fn piece_key(blob: &str, number: u8) -> String {
    key("piece", &[&number.to_string(), blob])
}

fn incomplete() -> StoreError {
    StoreError::Validation("a piece of a large blob is missing".into())
}
