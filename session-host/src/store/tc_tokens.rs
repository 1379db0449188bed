//! Trusted-contact tokens. Two writers own a field each, so every change reads and merges in its turn.

use domain::ports::Op;
use serde::{Deserialize, Serialize};
use wacore::store::{error::Result, traits::TcTokenEntry};

use super::{
    DeviceBackend,
    codec::{from_json, to_json},
    keys::key,
};

#[derive(Serialize, Deserialize)]
struct Row {
    /// A key may hold but a hash of it.
    jid: String,
    #[serde(flatten)]
    entry: TcTokenEntry,
}

fn token_key(jid: &str) -> String {
    key("tc-token", &[jid])
}

impl DeviceBackend {
    pub(super) async fn tc_token(&self, jid: &str) -> Result<Option<TcTokenEntry>> {
        let Some(value) = self.get(&token_key(jid)).await? else { return Ok(None) };
        Ok(Some(from_json::<Row>(&value)?.entry))
    }

    /// Writes what `change` makes of the stored token; `None` leaves it as it is.
    pub(super) async fn change_tc_token(
        &self,
        jid: &str,
        change: impl FnOnce(Option<TcTokenEntry>) -> Option<TcTokenEntry> + Send,
    ) -> Result<()> {
        let _turn = self.turns.tc_tokens.lock().await;
        match change(self.tc_token(jid).await?) {
            Some(entry) => self.write_tc_token(jid, entry).await,
            None => Ok(()),
        }
    }

    pub(super) async fn set_tc_token(&self, jid: &str, entry: TcTokenEntry) -> Result<()> {
        let _turn = self.turns.tc_tokens.lock().await;
        self.write_tc_token(jid, entry).await
    }

    pub(super) async fn remove_tc_token(&self, jid: &str) -> Result<()> {
        let _turn = self.turns.tc_tokens.lock().await;
        self.delete(token_key(jid)).await
    }

    pub(super) async fn tc_token_jids(&self) -> Result<Vec<String>> {
        let rows = self.list(&key("tc-token", &[""])).await?;
        rows.iter().map(|(_, value)| Ok(from_json::<Row>(value)?.jid)).collect()
    }

    /// Removes the tokens that `live` does not want kept, and counts them.
    pub(super) async fn retain_tc_tokens(&self, live: impl Fn(&TcTokenEntry) -> bool + Send) -> Result<u32> {
        let _turn = self.turns.tc_tokens.lock().await;
        let mut ops = Vec::new();
        for (key, value) in self.list(&key("tc-token", &[""])).await? {
            if !live(&from_json::<Row>(&value)?.entry) {
                ops.push(Op::Delete { key });
            }
        }
        let count = ops.len();
        self.write(ops).await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    async fn write_tc_token(&self, jid: &str, entry: TcTokenEntry) -> Result<()> {
        self.put(token_key(jid), to_json(&Row { jid: jid.to_owned(), entry })?).await
    }
}
