//! What the protocol wants remembered: who is who (LID and number), whose devices exist, group metadata, retries.

use async_trait::async_trait;
use domain::ports::Op;
use wacore::store::{
    error::{Result, StoreError},
    traits::{DeviceListRecord, LidPnMappingEntry, PendingInboundKey, PendingInboundRow, ProtocolStore, TcTokenEntry},
};

use super::{
    DeviceBackend,
    codec::{from_json, to_json},
    keys::key,
    put,
    retained::{INBOUND, SENT},
};

fn lid_key(lid: &str) -> String {
    key("lid", &[lid])
}

fn number_key(phone: &str) -> String {
    key("pn", &[phone])
}

fn base_key_key(address: &str, message: &str) -> String {
    key("base-key", &[address, message])
}

fn device_list_key(user: &str) -> String {
    key("device-list", &[user])
}

fn group_key(jid: &str) -> String {
    key("group", &[jid])
}

fn inbound_key(row: PendingInboundKey<'_>) -> String {
    INBOUND.key(&[row.chat, row.sender, row.id])
}

#[async_trait]
impl ProtocolStore for DeviceBackend {
    async fn get_sender_key_devices(&self, group_jid: &str) -> Result<Vec<(String, bool)>> {
        self.sender_key_devices(group_jid).await
    }

    async fn set_sender_key_status(&self, group_jid: &str, entries: &[(&str, bool)]) -> Result<()> {
        self.set_sender_key_devices(group_jid, entries).await
    }

    async fn clear_sender_key_devices(&self, group_jid: &str) -> Result<()> {
        self.clear_sender_key_rows(Some(group_jid)).await
    }

    async fn delete_sender_key_device_rows(&self, device_jids: &[&str]) -> Result<()> {
        self.delete_sender_key_devices(device_jids).await
    }

    async fn clear_all_sender_key_devices(&self) -> Result<()> {
        self.clear_sender_key_rows(None).await
    }

    async fn get_lid_mapping(&self, lid: &str) -> Result<Option<LidPnMappingEntry>> {
        self.get(&lid_key(lid)).await?.map(|value| from_json(&value)).transpose()
    }

    /// The latest LID learned for the number, unless that LID has moved to another number since: a number's row is only ever put, so
    /// that learning a mapping takes no read.
    async fn get_pn_mapping(&self, phone: &str) -> Result<Option<LidPnMappingEntry>> {
        let Some(lid) = self.get(&number_key(phone)).await? else { return Ok(None) };
        let lid = String::from_utf8(lid).map_err(|error| StoreError::Serialization(error.into()))?;
        Ok(self.get_lid_mapping(&lid).await?.filter(|entry| entry.phone_number == phone))
    }

    async fn put_lid_mapping(&self, entry: &LidPnMappingEntry) -> Result<()> {
        self.put_lid_mappings(std::slice::from_ref(entry)).await
    }

    async fn put_lid_mappings(&self, entries: &[LidPnMappingEntry]) -> Result<()> {
        let mut ops = Vec::with_capacity(2 * entries.len());
        for entry in entries {
            ops.push(put(lid_key(&entry.lid), to_json(entry)?));
            ops.push(put(number_key(&entry.phone_number), entry.lid.clone().into_bytes()));
        }
        self.write(ops).await
    }

    async fn get_all_lid_mappings(&self) -> Result<Vec<LidPnMappingEntry>> {
        self.list(&lid_key("")).await?.iter().map(|(_, value)| from_json(value)).collect()
    }

    async fn save_base_key(&self, address: &str, message_id: &str, base_key: &[u8]) -> Result<()> {
        self.put(base_key_key(address, message_id), base_key.to_vec()).await
    }

    async fn has_same_base_key(&self, address: &str, message_id: &str, current_base_key: &[u8]) -> Result<bool> {
        Ok(self.get(&base_key_key(address, message_id)).await?.is_some_and(|saved| saved == current_base_key))
    }

    async fn delete_base_key(&self, address: &str, message_id: &str) -> Result<()> {
        self.delete(base_key_key(address, message_id)).await
    }

    async fn update_device_list(&self, record: DeviceListRecord) -> Result<()> {
        self.update_device_lists(vec![record]).await
    }

    async fn update_device_lists(&self, records: Vec<DeviceListRecord>) -> Result<()> {
        let ops = records.iter().map(|record| Ok(put(device_list_key(&record.user), to_json(record)?)));
        self.write(ops.collect::<Result<_>>()?).await
    }

    async fn get_devices(&self, user: &str) -> Result<Option<DeviceListRecord>> {
        self.get(&device_list_key(user)).await?.map(|value| from_json(&value)).transpose()
    }

    async fn delete_devices(&self, user: &str) -> Result<()> {
        self.delete(device_list_key(user)).await
    }

    async fn get_group_metadata(&self, group_jid: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.get_blob(&group_key(group_jid)).await?.map(Vec::from))
    }

    async fn put_group_metadata(&self, group_jid: &str, blob: &[u8]) -> Result<()> {
        self.put_blobs(&[(group_key(group_jid), blob)], None).await
    }

    async fn delete_group_metadata(&self, group_jid: &str) -> Result<()> {
        self.delete(group_key(group_jid)).await
    }

    async fn get_tc_token(&self, jid: &str) -> Result<Option<TcTokenEntry>> {
        self.tc_token(jid).await
    }

    async fn put_tc_token(&self, jid: &str, entry: &TcTokenEntry) -> Result<()> {
        self.set_tc_token(jid, entry.clone()).await
    }

    async fn delete_tc_token(&self, jid: &str) -> Result<()> {
        self.remove_tc_token(jid).await
    }

    async fn get_all_tc_token_jids(&self) -> Result<Vec<String>> {
        self.tc_token_jids().await
    }

    async fn delete_expired_tc_tokens(&self, token_cutoff: i64, sender_cutoff: i64) -> Result<u32> {
        self.retain_tc_tokens(|entry| {
            let token_live = !entry.token.is_empty() && entry.token_timestamp >= token_cutoff;
            token_live || entry.sender_timestamp.is_some_and(|timestamp| timestamp >= sender_cutoff)
        })
        .await
    }

    async fn touch_tc_token_sender_timestamp(&self, jid: &str, sender_timestamp: i64) -> Result<()> {
        self.change_tc_token(jid, |stored| match stored {
            Some(entry) if entry.sender_timestamp >= Some(sender_timestamp) => None,
            Some(entry) => Some(TcTokenEntry { sender_timestamp: Some(sender_timestamp), ..entry }),
            None => Some(TcTokenEntry { token: Vec::new(), token_timestamp: sender_timestamp, sender_timestamp: Some(sender_timestamp) }),
        })
        .await
    }

    async fn store_received_tc_token(&self, jid: &str, token: &[u8], token_timestamp: i64) -> Result<()> {
        self.change_tc_token(jid, |stored| match stored {
            Some(entry) if !entry.token.is_empty() && token_timestamp < entry.token_timestamp => None,
            Some(entry) => Some(TcTokenEntry { token: token.to_vec(), token_timestamp, ..entry }),
            None => Some(TcTokenEntry { token: token.to_vec(), token_timestamp, sender_timestamp: None }),
        })
        .await
    }

    async fn store_sent_message(&self, chat_jid: &str, message_id: &str, payload: &[u8]) -> Result<()> {
        self.keep(&SENT, &[(SENT.key(&[chat_jid, message_id]), payload)]).await
    }

    async fn take_sent_message(&self, chat_jid: &str, message_id: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.take(SENT.key(&[chat_jid, message_id])).await?.map(Vec::from))
    }

    async fn delete_expired_sent_messages(&self, cutoff_timestamp: i64) -> Result<u32> {
        self.sweep(&SENT, cutoff_timestamp).await
    }

    async fn store_pending_inbound(&self, chat: &str, sender: &str, id: &str, message: &[u8]) -> Result<()> {
        self.store_pending_inbound_batch(&[PendingInboundRow { chat, sender, id, message }]).await
    }

    async fn get_pending_inbound(&self, chat: &str, sender: &str, id: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.kept(&inbound_key(PendingInboundKey { chat, sender, id })).await?.map(Vec::from))
    }

    async fn delete_pending_inbound(&self, chat: &str, sender: &str, id: &str) -> Result<()> {
        self.delete(inbound_key(PendingInboundKey { chat, sender, id })).await
    }

    async fn delete_expired_pending_inbound(&self, cutoff_timestamp: i64) -> Result<u32> {
        self.sweep(&INBOUND, cutoff_timestamp).await
    }

    async fn store_pending_inbound_batch(&self, rows: &[PendingInboundRow<'_>]) -> Result<()> {
        let messages: Vec<_> = rows
            .iter()
            .map(|row| (inbound_key(PendingInboundKey { chat: row.chat, sender: row.sender, id: row.id }), row.message))
            .collect();
        self.keep(&INBOUND, &messages).await
    }

    async fn delete_pending_inbound_batch(&self, keys: &[PendingInboundKey<'_>]) -> Result<()> {
        self.write(keys.iter().map(|&row| Op::Delete { key: inbound_key(row) }).collect()).await
    }
}
