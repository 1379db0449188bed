//! App-state sync: keys, versions, and the MACs of every entry. MACs are spread over 64 rows per collection by their first byte (they
//! are evenly distributed): a snapshot of thousands is at most 64 writes, and a change of one entry rewrites a 64th.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use domain::ports::Op;
use wacore::{
    appstate::{hash::HashState, processor::AppStateMutationMAC},
    store::{
        error::Result,
        traits::{AppStateSyncKey, AppSyncStore},
    },
};

use super::{
    DeviceBackend,
    codec::{from_json, pack, to_json, unpack},
    keys::key,
    put,
};

const LATEST_KEY: &str = "sync-key-latest";
const BUCKETS: u8 = 64;

/// Index MAC → value MAC.
type Bucket = BTreeMap<Vec<u8>, Vec<u8>>;

fn sync_key_key(id: &[u8]) -> String {
    key("sync-key", &[&hex::encode(id)])
}

fn version_key(collection: &str) -> String {
    key("sync-version", &[collection])
}

fn bucket_key(collection: &str, index_mac: &[u8]) -> String {
    let bucket = index_mac.first().copied().unwrap_or(0) % BUCKETS;
    key("sync-mac", &[collection, &format!("{bucket:02x}")])
}

#[async_trait]
impl AppSyncStore for DeviceBackend {
    async fn get_sync_key(&self, id: &[u8]) -> Result<Option<AppStateSyncKey>> {
        self.get(&sync_key_key(id)).await?.map(|value| from_json(&value)).transpose()
    }

    async fn set_sync_key(&self, id: &[u8], sync_key: AppStateSyncKey) -> Result<()> {
        self.write(vec![put(sync_key_key(id), to_json(&sync_key)?), put(LATEST_KEY.into(), id.to_vec())]).await
    }

    /// A version that cannot be read counts as none: the library then asks for a snapshot, which sets everything right.
    async fn get_version(&self, name: &str) -> Result<HashState> {
        let Some(value) = self.get(&version_key(name)).await? else { return Ok(HashState::default()) };
        Ok(from_json(&value).unwrap_or_else(|error| {
            tracing::warn!(device = %self.device, collection = name, %error, "forgot an unreadable app-state version");
            HashState::default()
        }))
    }

    async fn set_version(&self, name: &str, state: HashState) -> Result<()> {
        self.put(version_key(name), to_json(&state)?).await
    }

    async fn put_mutation_macs(&self, name: &str, _version: u64, mutations: &[AppStateMutationMAC]) -> Result<()> {
        let changes = mutations.iter().map(|mac| (&mac.index_mac[..], Some(&mac.value_mac[..])));
        self.change_macs(name, changes).await
    }

    async fn get_mutation_mac(&self, name: &str, index_mac: &[u8]) -> Result<Option<Vec<u8>>> {
        let Some(value) = self.get(&bucket_key(name, index_mac)).await? else { return Ok(None) };
        let mut bucket: Bucket = unpack(&value)?;
        Ok(bucket.remove(index_mac))
    }

    async fn get_mutation_macs(&self, name: &str, index_macs: &[[u8; 32]]) -> Result<HashMap<[u8; 32], Vec<u8>>> {
        let buckets = self.mac_buckets(name, index_macs.iter().map(|mac| &mac[..])).await?;
        let value_mac = |index_mac: &[u8; 32]| buckets.get(&bucket_key(name, index_mac))?.get(&index_mac[..]).cloned();
        Ok(index_macs.iter().filter_map(|mac| Some((*mac, value_mac(mac)?))).collect())
    }

    async fn delete_mutation_macs(&self, name: &str, index_macs: &[Vec<u8>]) -> Result<()> {
        self.change_macs(name, index_macs.iter().map(|mac| (&mac[..], None))).await
    }

    async fn clear_mutation_macs(&self, name: &str) -> Result<()> {
        let _turn = self.turns.sync_macs.lock().await;
        let rows = self.list(&key("sync-mac", &[name, ""])).await?;
        self.write(rows.into_iter().map(|(key, _)| Op::Delete { key }).collect()).await
    }

    async fn get_latest_sync_key_id(&self) -> Result<Option<Vec<u8>>> {
        self.get(LATEST_KEY).await
    }
}

impl DeviceBackend {
    /// Sets (`Some`) or removes (`None`) value MACs in order, and writes the rows that differ after all.
    async fn change_macs<'a>(
        &self,
        collection: &str,
        changes: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + Clone + Send,
    ) -> Result<()> {
        let _turn = self.turns.sync_macs.lock().await;
        let before = self.mac_buckets(collection, changes.clone().map(|(index_mac, _)| index_mac)).await?;
        let mut after = before.clone();
        for (index_mac, value_mac) in changes {
            let bucket = after.entry(bucket_key(collection, index_mac)).or_default();
            match value_mac {
                Some(value_mac) => bucket.insert(index_mac.to_vec(), value_mac.to_vec()),
                None => bucket.remove(index_mac),
            };
        }
        let changed = after.into_iter().filter(|(key, bucket)| before.get(key).unwrap_or(&Bucket::new()) != bucket);
        let ops = changed.map(|(key, bucket)| if bucket.is_empty() { Ok(Op::Delete { key }) } else { Ok(put(key, pack(&bucket)?)) });
        self.write(ops.collect::<Result<_>>()?).await
    }

    /// The stored buckets that `index_macs` fall into, by key.
    async fn mac_buckets<'a>(&self, collection: &str, index_macs: impl Iterator<Item = &'a [u8]>) -> Result<BTreeMap<String, Bucket>> {
        let mut keys: Vec<String> = index_macs.map(|mac| bucket_key(collection, mac)).collect();
        keys.sort_unstable();
        keys.dedup();
        let values = self.get_many(&keys).await?;
        keys.into_iter().zip(values).filter_map(|(key, value)| Some(unpack(&value?).map(|bucket| (key, bucket)))).collect()
    }
}
