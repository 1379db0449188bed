//! Signal state: identities, sessions, prekeys and sender keys.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use wacore::store::{
    error::{Result, StoreError},
    traits::SignalStore,
};

use super::{
    DeviceBackend,
    keys::{key, prefix},
    put,
};

fn session_key(address: &str) -> String {
    key("signal", &[address, "session"])
}

fn identity_key(address: &str) -> String {
    key("signal", &[address, "identity"])
}

fn signed_prekey_key(id: u32) -> String {
    key("signed-prekey", &[&format!("{id:08x}")])
}

fn sender_key_key(address: &str) -> String {
    key("sender-key", &[address])
}

#[async_trait]
impl SignalStore for DeviceBackend {
    async fn put_identity(&self, address: &str, identity: [u8; 32]) -> Result<()> {
        self.put(identity_key(address), identity.to_vec()).await
    }

    async fn put_identities_batch(&self, identities: &[(Arc<str>, [u8; 32])]) -> Result<()> {
        self.write(identities.iter().map(|(address, identity)| put(identity_key(address), identity.to_vec())).collect()).await
    }

    async fn load_identity(&self, address: &str) -> Result<Option<[u8; 32]>> {
        let Some(value) = self.get(&identity_key(address)).await? else { return Ok(None) };
        let identity = value.try_into().map_err(|_| StoreError::Validation("an identity key of a wrong length".into()))?;
        Ok(Some(identity))
    }

    async fn delete_identity(&self, address: &str) -> Result<()> {
        self.delete(identity_key(address)).await
    }

    async fn get_session(&self, address: &str) -> Result<Option<Bytes>> {
        self.get_blob(&session_key(address)).await
    }

    async fn put_session(&self, address: &str, session: &[u8]) -> Result<()> {
        self.put_blobs(&[(session_key(address), session)], None).await
    }

    async fn put_sessions_batch(&self, sessions: &[(Arc<str>, Bytes)]) -> Result<()> {
        let blobs: Vec<_> = sessions.iter().map(|(address, session)| (session_key(address), &session[..])).collect();
        self.put_blobs(&blobs, None).await
    }

    async fn delete_session(&self, address: &str) -> Result<()> {
        self.delete(session_key(address)).await
    }

    async fn has_session(&self, address: &str) -> Result<bool> {
        Ok(self.get(&session_key(address)).await?.is_some())
    }

    async fn has_signal_state_for_user(&self, user: &str) -> Result<bool> {
        let (first_device, other_devices) = (prefix("signal", &format!("{user}@")), prefix("signal", &format!("{user}:")));
        let (first_device, other_devices) = futures::try_join!(self.list(&first_device), self.list(&other_devices))?;
        Ok(!first_device.is_empty() || !other_devices.is_empty())
    }

    async fn store_prekey(&self, id: u32, record: &[u8], _uploaded: bool) -> Result<()> {
        self.put_prekeys([(id, record)]).await
    }

    async fn store_prekeys_batch(&self, records: &[(u32, Bytes)], _uploaded: bool) -> Result<()> {
        self.put_prekeys(records.iter().map(|(id, record)| (*id, &record[..]))).await
    }

    async fn load_prekey(&self, id: u32) -> Result<Option<Bytes>> {
        Ok(self.prekeys(&[id]).await?.pop().map(|(_, record)| record))
    }

    async fn load_prekeys_batch(&self, ids: &[u32]) -> Result<Vec<(u32, Bytes)>> {
        self.prekeys(ids).await
    }

    async fn mark_prekeys_uploaded(&self, _ids: &[u32]) -> Result<()> {
        Ok(())
    }

    async fn remove_prekey(&self, id: u32) -> Result<()> {
        self.delete_prekey(id).await
    }

    async fn get_max_prekey_id(&self) -> Result<u32> {
        self.max_prekey_id().await
    }

    async fn store_signed_prekey(&self, id: u32, record: &[u8]) -> Result<()> {
        self.put(signed_prekey_key(id), record.to_vec()).await
    }

    async fn load_signed_prekey(&self, id: u32) -> Result<Option<Vec<u8>>> {
        self.get(&signed_prekey_key(id)).await
    }

    async fn load_all_signed_prekeys(&self) -> Result<Vec<(u32, Vec<u8>)>> {
        let rows = self.list("signed-prekey/").await?;
        rows.into_iter().map(|(key, record)| Ok((signed_prekey_id(&key)?, record))).collect()
    }

    async fn remove_signed_prekey(&self, id: u32) -> Result<()> {
        self.delete(signed_prekey_key(id)).await
    }

    async fn put_sender_key(&self, address: &str, record: &[u8]) -> Result<()> {
        self.put_blobs(&[(sender_key_key(address), record)], None).await
    }

    async fn put_sender_keys_batch(&self, sender_keys: &[(Arc<str>, Bytes)]) -> Result<()> {
        let blobs: Vec<_> = sender_keys.iter().map(|(address, record)| (sender_key_key(address), &record[..])).collect();
        self.put_blobs(&blobs, None).await
    }

    async fn get_sender_key(&self, address: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.get_blob(&sender_key_key(address)).await?.map(Vec::from))
    }

    async fn delete_sender_key(&self, address: &str) -> Result<()> {
        self.delete(sender_key_key(address)).await
    }
}

fn signed_prekey_id(key: &str) -> Result<u32> {
    let id = key.rsplit('/').next().and_then(|id| u32::from_str_radix(id, 16).ok());
    id.ok_or_else(|| StoreError::Validation("a signed prekey without an id".into()))
}
