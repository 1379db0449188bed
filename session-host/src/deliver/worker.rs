//! One device's deliveries, one after another.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::model::{Delivery, DeviceId, WebhookSettings};
use tokio::{sync::watch, time};

use super::{Shared, post::Failure};

/// How many deliveries are read at a time.
const BATCH: u32 = 50;

/// What was read longer ago is read again, so that changed settings do not wait for a slow receiver to take a whole batch.
const STALE: Duration = Duration::from_secs(1);

/// What a worker does after it has gone through what it read.
enum Next {
    Read,
    Wait(Duration),
    Rest,
}

pub(super) struct Worker {
    shared: Arc<Shared>,
    device: DeviceId,
    wakes: watch::Receiver<()>,
    /// The webhook as it was when it last failed; `None` while it works.
    failing: Option<WebhookSettings>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, device: DeviceId, wakes: watch::Receiver<()>) -> Self {
        Self { shared, device, wakes, failing: None }
    }

    /// Delivers until nothing waits.
    pub(super) async fn run(mut self) {
        while !self.shared.stopping.is_cancelled() {
            // Before reading: whatever is stored after the read comes with a wake that is seen below.
            self.wakes.mark_unchanged();
            match self.round().await.unwrap_or(Next::Rest) {
                Next::Read => {}
                Next::Wait(duration) => tokio::select! {
                    _ = self.shared.stopping.cancelled() => {}
                    _ = self.wakes.changed() => {}
                    () = time::sleep(duration) => {}
                },
                Next::Rest if self.shared.retire(&self.device, &self.wakes) => return,
                Next::Rest => {}
            }
        }
    }

    /// Reads what waits and posts it up to the first failure. `None` if the device is another host's by now, or this one stops.
    async fn round(&mut self) -> Option<Next> {
        // A receiver that fails is tried with one delivery at a time: each wake reads again, and the rest would be read in vain.
        let limit = if self.failing.is_some() { 1 } else { BATCH };
        let batch = self.shared.insist(|| self.shared.deliveries.next(&self.device, &[], limit)).await?;
        let read_at = Instant::now();
        let last = batch.len() < limit as usize;
        for delivery in batch {
            // Switched off: kept until a wake tells that it is on again.
            if !delivery.webhook.enabled {
                return Some(Next::Rest);
            }
            if let Some(wait) = self.wait(&delivery) {
                return Some(Next::Wait(wait));
            }
            if self.shared.stopping.is_cancelled() {
                return None;
            }
            match self.shared.poster.post(&delivery, self.shared.clock.now()).await {
                Ok(()) => self.succeeded(&delivery).await?,
                Err(failure) => {
                    self.failed(&delivery, &failure).await?;
                    self.failing = Some(delivery.webhook);
                    return Some(Next::Read);
                }
            }
            if read_at.elapsed() > STALE {
                return Some(Next::Read);
            }
        }
        Some(if last { Next::Rest } else { Next::Read })
    }

    /// How long the delivery has to wait yet. Not at all if the webhook was changed since it failed, or if the clock jumped back so far
    /// that the wait cannot be meant.
    fn wait(&self, delivery: &Delivery) -> Option<Duration> {
        let wait = delivery.due_at.since(self.shared.clock.now());
        let changed = self.failing.as_ref().is_some_and(|failing| *failing != delivery.webhook);
        (!wait.is_zero() && wait <= self.shared.backoff.longest && !changed).then_some(wait)
    }

    async fn succeeded(&mut self, delivery: &Delivery) -> Option<()> {
        let (shared, event) = (&self.shared, &delivery.event.id);
        let at = shared.clock.now();
        shared.insist(|| shared.deliveries.succeeded(&self.device, event, at)).await?;
        if self.failing.take().is_some() {
            tracing::info!(device = %self.device, %event, "a webhook worked again");
        }
        Some(())
    }

    async fn failed(&self, delivery: &Delivery, failure: &Failure) -> Option<()> {
        let (shared, event) = (&self.shared, &delivery.event.id);
        let (at, failures) = (shared.clock.now(), delivery.attempts.saturating_add(1));
        let reason = failure.to_string();
        if failures > delivery.webhook.retry_count {
            tracing::warn!(device = %self.device, %event, failures, reason, "a webhook delivery was given up");
            return shared.insist(|| shared.deliveries.give_up(&self.device, event, at, &reason)).await;
        }
        if self.failing.is_none() {
            tracing::warn!(device = %self.device, %event, failures, reason, "a webhook failed");
        }
        let due_at = at + shared.backoff.after(failures);
        shared.insist(|| shared.deliveries.failed(&self.device, event, at, due_at, &reason)).await.map(drop)
    }
}
