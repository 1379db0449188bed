//! One-time prekeys, 64 to a row: linking stores 812 of them at once, the server's digest reads them all, and peers use them up one by
//! one. Records have about 75 bytes, so a row has about 5 KB.
//!
//! Whether a key was uploaded is not kept: nothing can ask for it, and the library goes by the watermarks in `Device`.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::ports::Op;
use wacore::store::error::Result;

use super::{
    DeviceBackend,
    codec::{pack, unpack},
    keys::key,
    put,
};

const CHUNK: u32 = 64;

type Chunk = BTreeMap<u32, Vec<u8>>;

impl DeviceBackend {
    pub(super) async fn put_prekeys(&self, records: impl IntoIterator<Item = (u32, &[u8])> + Send) -> Result<()> {
        let mut changes: BTreeMap<u32, Chunk> = BTreeMap::new();
        for (id, record) in records {
            changes.entry(id / CHUNK).or_default().insert(id, record.to_vec());
        }
        let _turn = self.turns.prekeys.lock().await;
        let mut chunks = self.prekey_chunks(changes.keys().copied()).await?;
        let mut ops = Vec::with_capacity(changes.len());
        for (number, change) in changes {
            let chunk = chunks.entry(number).or_default();
            chunk.extend(change);
            ops.push(put(chunk_key(number), pack(chunk)?));
        }
        self.write(ops).await
    }

    /// In the order of `ids`; an absent key is left out.
    pub(super) async fn prekeys(&self, ids: &[u32]) -> Result<Vec<(u32, Bytes)>> {
        let chunks = self.prekey_chunks(ids.iter().map(|id| id / CHUNK)).await?;
        let record = |id: u32| chunks.get(&(id / CHUNK))?.get(&id).cloned();
        Ok(ids.iter().filter_map(|&id| Some((id, Bytes::from(record(id)?)))).collect())
    }

    pub(super) async fn delete_prekey(&self, id: u32) -> Result<()> {
        let _turn = self.turns.prekeys.lock().await;
        let key = chunk_key(id / CHUNK);
        let Some(value) = self.get(&key).await? else { return Ok(()) };
        let mut chunk: Chunk = unpack(&value)?;
        if chunk.remove(&id).is_none() {
            return Ok(());
        }
        let op = if chunk.is_empty() { Op::Delete { key } } else { put(key, pack(&chunk)?) };
        self.write(vec![op]).await
    }

    pub(super) async fn max_prekey_id(&self) -> Result<u32> {
        let Some((_, value)) = self.list("prekey/").await?.pop() else { return Ok(0) };
        let chunk: Chunk = unpack(&value)?;
        Ok(chunk.last_key_value().map_or(0, |(&id, _)| id))
    }

    /// The stored chunks among `numbers`.
    async fn prekey_chunks(&self, numbers: impl Iterator<Item = u32>) -> Result<BTreeMap<u32, Chunk>> {
        let mut numbers: Vec<u32> = numbers.collect();
        numbers.sort_unstable();
        numbers.dedup();
        let keys: Vec<String> = numbers.iter().copied().map(chunk_key).collect();
        let values = self.get_many(&keys).await?;
        numbers.into_iter().zip(values).filter_map(|(number, value)| Some(unpack(&value?).map(|chunk| (number, chunk)))).collect()
    }
}

/// Numbered with leading zeros, so that keys sort like ids.
fn chunk_key(number: u32) -> String {
    key("prekey", &[&format!("{number:07x}")])
}
