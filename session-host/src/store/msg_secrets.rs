//! The secrets that replies, votes and edits of a message are encrypted with. A secret vanishes at its deadline by itself.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{model::Timestamp, ports::Op};
use wacore::store::{
    error::Result,
    traits::{MessageSecret, MsgSecretEntry, MsgSecretStore, merge_msg_secret_expiry, merge_msg_secret_message_ts},
};

use super::{
    DeviceBackend,
    codec::{pack, unpack},
    keys::key,
};

/// Secret, deadline (0: never) and the message's own time (0: unknown), both in Unix seconds.
type Row = (MessageSecret, i64, i64);

fn secret_key(chat: &str, sender: &str, message: &str) -> String {
    key("secret", &[chat, sender, message])
}

#[async_trait]
impl MsgSecretStore for DeviceBackend {
    async fn put_msg_secrets(&self, entries: Vec<MsgSecretEntry>) -> Result<usize> {
        let count = entries.len();
        let mut rows: BTreeMap<String, Row> = BTreeMap::new();
        for entry in entries {
            let row = (entry.secret, entry.expires_at, entry.message_ts);
            rows.entry(secret_key(&entry.chat, &entry.sender, &entry.msg_id))
                .and_modify(|earlier| *earlier = merge(*earlier, row))
                .or_insert(row);
        }
        let keys: Vec<String> = rows.keys().cloned().collect();
        let _turn = self.turns.secrets.lock().await;
        let stored = self.get_many(&keys).await?;
        let mut ops = Vec::with_capacity(keys.len());
        for ((key, row), stored) in rows.into_iter().zip(stored) {
            let stored: Option<Row> = stored.map(|value| unpack(&value)).transpose()?;
            let row = stored.map_or(row, |stored| merge(stored, row));
            let live = row.1 == 0 || row.1 > self.now().seconds();
            if live && stored != Some(row) {
                ops.push(Op::Put { key, value: pack(&row)?, expires_at: deadline(row.1) });
            }
        }
        self.write(ops).await?;
        Ok(count)
    }

    async fn get_msg_secret(&self, chat: &str, sender: &str, msg_id: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.get_msg_secret_with_ts(chat, sender, msg_id).await?.map(|(secret, _)| secret))
    }

    async fn get_msg_secret_with_ts(&self, chat: &str, sender: &str, msg_id: &str) -> Result<Option<(Vec<u8>, i64)>> {
        let Some(value) = self.get(&secret_key(chat, sender, msg_id)).await? else { return Ok(None) };
        let (secret, _, message_ts): Row = unpack(&value)?;
        Ok(Some((secret.to_vec(), message_ts)))
    }

    /// Counts what had not expired yet: nothing, if `cutoff` is the time by the library's clock.
    async fn delete_expired_msg_secrets(&self, cutoff: i64) -> Result<u32> {
        if cutoff <= self.now().seconds() {
            return Ok(0);
        }
        let _turn = self.turns.secrets.lock().await;
        let mut ops = Vec::new();
        for (key, value) in self.list(&key("secret", &[""])).await? {
            let (_, expires_at, _): Row = unpack(&value)?;
            if expires_at != 0 && expires_at <= cutoff {
                ops.push(Op::Delete { key });
            }
        }
        let count = ops.len();
        self.write(ops).await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

fn merge(earlier: Row, later: Row) -> Row {
    (later.0, merge_msg_secret_expiry(earlier.1, later.1), merge_msg_secret_message_ts(earlier.2, later.2))
}

fn deadline(expires_at: i64) -> Option<Timestamp> {
    (expires_at != 0).then(|| Timestamp::from_millis(expires_at.saturating_mul(1000)))
}
