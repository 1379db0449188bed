//! What a device's model may cost a day, counted by UTC.

use std::time::Duration;

use domain::ports::{Op, PortError};

use super::{Responder, thought::Thought};

/// Yesterday's count matters to nobody.
const KEPT: Duration = Duration::from_secs(2 * 24 * 3600);

impl Responder {
    /// Whether the device has spent what it may today. The first who finds out tells it.
    pub(super) async fn is_exhausted(&self, thought: &Thought) -> Result<bool, PortError> {
        let limit = u64::from(thought.device.ai.daily_token_limit);
        if limit == 0 || self.count("ai-tokens").await? < limit {
            return Ok(false);
        }
        let _turn = self.spending.lock().await;
        if self.count("ai-exhausted").await? == 0 {
            tracing::info!(device = %self.device, "a device has spent its tokens for today");
            self.tell_error(&thought.last().chat, &thought.last().id, "budget_exhausted").await?;
            self.put("ai-exhausted", 1).await?;
        }
        Ok(true)
    }

    /// Counts what a model cost.
    pub(super) async fn spend(&self, tokens: u64) -> Result<(), PortError> {
        let _turn = self.spending.lock().await;
        let spent = self.count("ai-tokens").await?;
        self.put("ai-tokens", spent.saturating_add(tokens)).await
    }

    async fn count(&self, what: &str) -> Result<u64, PortError> {
        let stored = self.shared.ports.key_values.get(&self.device, &self.today(what)).await?;
        Ok(stored.and_then(|number| String::from_utf8(number).ok()?.parse().ok()).unwrap_or(0))
    }

    async fn put(&self, what: &str, number: u64) -> Result<(), PortError> {
        let (ports, expires_at) = (&self.shared.ports, Some(self.now() + KEPT));
        let put = Op::Put { key: self.today(what), value: number.to_string().into_bytes(), expires_at };
        ports.key_values.write(&self.device, ports.epoch, vec![put]).await
    }

    fn today(&self, what: &str) -> String {
        let now = self.now().to_string();
        let (date, _time) = now.split_once('T').unwrap_or_default();
        format!("{what}/{date}")
    }
}
