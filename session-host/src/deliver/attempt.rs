//! One try to deliver something, and what the store is told of it.

use std::{sync::Arc, time::Duration};

use domain::model::{Delivery, Timestamp, WebhookSettings};
use fetch::NotTaken;
use http::StatusCode;

use super::{Shared, line::Chat};

/// A try that is over.
pub(super) struct Posted {
    pub chat: Chat,
    /// The webhook that was tried.
    pub webhook: WebhookSettings,
    /// Whether it was made to see whether the receiver works again.
    pub probe: bool,
    /// `None` if the device is another host's by now, or this one stops.
    pub end: Option<End>,
}

/// What came of it, stored already.
pub(super) enum End {
    Taken,
    /// It failed, and is tried again.
    Failed {
        until: Timestamp,
        retry_after: Option<Duration>,
    },
    /// It failed for good.
    GivenUp(Option<Duration>),
    /// The webhook has failed for too long.
    Paused,
}

pub(super) async fn attempt(shared: Arc<Shared>, delivery: Delivery, probe: bool) -> Posted {
    if !shared.tenure.lasts() {
        return Posted { chat: delivery.chat, webhook: delivery.webhook, probe, end: None };
    }
    let end = match shared.webhooks.tell(&delivery.webhook, &delivery.event, shared.clock.now()).await {
        Ok(_) => taken(&shared, &delivery).await,
        Err(failure) => failed(&shared, &delivery, failure, probe).await,
    };
    Posted { chat: delivery.chat, webhook: delivery.webhook, probe, end }
}

async fn taken(shared: &Shared, Delivery { event, .. }: &Delivery) -> Option<End> {
    let at = shared.clock.now();
    shared.insist(|| shared.deliveries.succeeded(&event.device_id, &event.id, at)).await?;
    Some(End::Taken)
}

async fn failed(shared: &Shared, Delivery { event, webhook, attempts, .. }: &Delivery, failure: NotTaken, probe: bool) -> Option<End> {
    let (device, event, at) = (&event.device_id, &event.id, shared.clock.now());
    let (failures, reason) = (attempts.saturating_add(1), failure.to_string());
    let (gone, asked) = match failure {
        NotTaken::Status { status, retry_after } => (status == StatusCode::GONE, retry_after),
        _ => (false, None),
    };
    let retry_after = asked.map(|wait| wait.min(shared.backoff.longest));
    let (since, end) = if gone || failures > webhook.retry_count {
        tracing::warn!(%device, %event, failures, reason, "a webhook delivery was given up");
        (shared.insist(|| shared.deliveries.give_up(device, event, at, &reason)).await?, End::GivenUp(retry_after))
    } else {
        if !probe {
            tracing::warn!(%device, %event, failures, reason, "a webhook failed");
        }
        let until = at + shared.backoff.after(failures).max(retry_after.unwrap_or_default());
        (shared.insist(|| shared.deliveries.failed(device, event, at, until, &reason)).await?, End::Failed { until, retry_after })
    };
    if at.since(since) < shared.patience {
        return Some(end);
    }
    shared.insist(|| shared.deliveries.pause(device, at)).await?;
    tracing::warn!(%device, reason, "a webhook was paused: it has failed for too long");
    Some(End::Paused)
}
