//! Messages kept for a while: sent ones for a peer that asks again, inbound ones until their durability hook has committed.
//! A row is the seconds of its storing and the message, and expires by itself; a sweep has work only if it is stricter than that.

use std::time::Duration;

use bytes::Bytes;
use domain::ports::Op;
use wacore::store::error::{Result, StoreError};

use super::{DeviceBackend, keys::key};

/// A kind of kept message.
pub(super) struct Kept {
    family: &'static str,
    lifetime: Duration,
}

/// `CacheConfig::sent_message_ttl_secs`, which the library sweeps by, is two hours; a longer one has no effect here.
pub(super) const SENT: Kept = Kept { family: "sent", lifetime: Duration::from_secs(2 * 60 * 60) };

/// The library sweeps what is older than a week.
pub(super) const INBOUND: Kept = Kept { family: "inbound", lifetime: Duration::from_secs(7 * 24 * 60 * 60) };

impl Kept {
    pub(super) fn key(&self, parts: &[&str]) -> String {
        key(self.family, parts)
    }
}

impl DeviceBackend {
    pub(super) async fn keep(&self, kept: &Kept, messages: &[(String, &[u8])]) -> Result<()> {
        let now = self.now();
        let stored_at = now.seconds().to_be_bytes();
        let rows: Vec<_> = messages.iter().map(|(_, message)| [&stored_at[..], message].concat()).collect();
        let blobs: Vec<_> = messages.iter().zip(&rows).map(|((key, _), row)| (key.clone(), &row[..])).collect();
        let _turn = self.turns.retained.read().await;
        self.put_blobs(&blobs, Some(now + kept.lifetime)).await
    }

    pub(super) async fn kept(&self, key: &str) -> Result<Option<Bytes>> {
        let Some(row) = self.get_blob(key).await? else { return Ok(None) };
        stored_at(&row)?;
        Ok(Some(row.slice(size_of::<i64>()..)))
    }

    /// Reads and deletes: of several callers one gets the message.
    pub(super) async fn take(&self, key: String) -> Result<Option<Bytes>> {
        let _turn = self.turns.retained.write().await;
        let message = self.kept(&key).await?;
        if message.is_some() {
            self.delete(key).await?;
        }
        Ok(message)
    }

    /// Deletes what was stored before `cutoff` (Unix seconds) and counts what had not expired yet.
    pub(super) async fn sweep(&self, kept: &Kept, cutoff: i64) -> Result<u32> {
        if cutoff <= (self.now() - kept.lifetime).seconds() {
            return Ok(0);
        }
        let _turn = self.turns.retained.write().await;
        let mut ops = Vec::new();
        for (key, value) in self.list(&key(kept.family, &[""])).await? {
            if stored_at(value.get(1..).unwrap_or_default())? < cutoff {
                ops.push(Op::Delete { key });
            }
        }
        let count = ops.len();
        self.write(ops).await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

fn stored_at(row: &[u8]) -> Result<i64> {
    let seconds = row.first_chunk().ok_or_else(|| StoreError::Validation("a kept message is cut short".into()))?;
    Ok(i64::from_be_bytes(*seconds))
}
