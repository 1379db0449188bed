//! One device's deliveries: in order within each chat, several chats at once.

use std::{pin::Pin, sync::Arc, time::Duration};

use domain::model::{Delivery, DeviceId, Timestamp, WebhookSettings};
use futures::{StreamExt, stream::FuturesUnordered};
use tokio::{sync::watch, time};

use super::{
    Shared,
    attempt::{End, Posted, attempt},
    line::Lines,
};

/// Most posts of one device at a time.
const AT_ONCE: usize = 8;

/// How many deliveries are read at a time.
const BATCH: u32 = 50;

/// A receiver whose last answers were failures.
struct Trouble {
    /// How many tries failed since it last took something, of those that were made to see whether it works again.
    failures: u32,
    /// It is left alone until then.
    until: Timestamp,
}

pub(super) struct Worker {
    shared: Arc<Shared>,
    device: DeviceId,
    /// Counts how often everything was to be tried anew.
    wakes: watch::Receiver<u64>,
    renewals: u64,
    /// Whether there may be deliveries in the store that are to be read.
    unread: bool,
    lines: Lines,
    posts: FuturesUnordered<Pin<Box<dyn Future<Output = Posted> + Send>>>,
    /// While there is, posts go out one at a time.
    trouble: Option<Trouble>,
    /// The webhook as it was when it last failed, or when it was found to have failed before: waits are meant for that one.
    failing: Option<WebhookSettings>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, device: DeviceId, wakes: watch::Receiver<u64>) -> Self {
        let renewals = *wakes.borrow();
        Self {
            shared,
            device,
            wakes,
            renewals,
            unread: true,
            lines: Lines::default(),
            posts: FuturesUnordered::new(),
            trouble: None,
            failing: None,
        }
    }

    /// Delivers until nothing waits.
    pub(super) async fn run(mut self) {
        let shared = self.shared.clone();
        while !shared.stopping.is_cancelled() {
            if self.advance().await.is_none() {
                self.rest();
            }
            if self.posts.is_empty() && self.lines.is_empty() && !self.unread {
                if shared.retire(&self.device, &self.wakes) {
                    return;
                }
                self.woken();
                continue;
            }
            let wait = self.wait();
            tokio::select! {
                () = shared.stopping.cancelled() => {}
                Some(posted) = self.posts.next() => self.posted(posted),
                _ = self.wakes.changed() => self.woken(),
                () = time::sleep(wait.unwrap_or_default()), if wait.is_some() => {}
            }
        }
        while self.posts.next().await.is_some() {}
    }

    /// Posts what can be posted now. `None` if the device is another host's by now, or this one stops.
    async fn advance(&mut self) -> Option<()> {
        self.unread |= self.lines.ripen(|until| self.shared.wait(until));
        while self.has_room() {
            match self.lines.take() {
                Some(delivery) => self.post(delivery),
                None if self.unread => self.read().await?,
                None => break,
            }
        }
        Some(())
    }

    fn has_room(&self) -> bool {
        match &self.trouble {
            None => self.posts.len() < AT_ONCE,
            Some(trouble) => self.posts.is_empty() && self.shared.wait(trouble.until).is_zero(),
        }
    }

    async fn read(&mut self) -> Option<()> {
        // Of a receiver in trouble nothing is asked but to take this one.
        let limit = if self.trouble.is_some() { 1 } else { BATCH };
        let held = self.lines.leave_out();
        let batch = self.shared.insist(|| self.shared.deliveries.next(&self.device, &held, limit)).await?;
        self.unread = batch.len() == limit as usize;
        for delivery in batch {
            // Switched off: kept until a wake tells that it is on again.
            if !delivery.webhook.enabled {
                self.rest();
                break;
            }
            let waits = !self.shared.wait(delivery.due_at).is_zero();
            // Waits are not meant for a webhook that was changed since.
            let meant = waits && *self.failing.get_or_insert_with(|| delivery.webhook.clone()) == delivery.webhook;
            let wait_until = meant.then_some(delivery.due_at);
            self.lines.add(delivery, wait_until);
        }
        Some(())
    }

    fn post(&self, delivery: Delivery) {
        self.posts.push(Box::pin(attempt(self.shared.clone(), delivery, self.trouble.is_some())));
    }

    fn posted(&mut self, Posted { chat, webhook, probe, end }: Posted) {
        match end {
            None | Some(End::Paused) => {
                self.lines.done(&chat);
                self.lines.forget();
                // The store knows best whether there is something to do, if it is ours to do.
                self.unread = self.shared.tenure.lasts();
            }
            Some(End::Taken) => {
                if self.trouble.take().is_some() {
                    tracing::info!(device = %self.device, "a webhook worked again");
                }
                self.unread |= self.lines.done(&chat);
            }
            Some(End::GivenUp(retry_after)) => {
                self.failed(webhook, probe, retry_after);
                self.unread |= self.lines.done(&chat);
            }
            Some(End::Failed { until, retry_after }) => {
                self.failed(webhook, probe, retry_after);
                self.lines.wait(&chat, until);
            }
        }
    }

    /// The first failure says something of one delivery: others are tried at once. When they fail too, the receiver is left alone for longer and longer.
    fn failed(&mut self, webhook: WebhookSettings, probe: bool, retry_after: Option<Duration>) {
        let now = self.shared.clock.now();
        let trouble = self.trouble.get_or_insert(Trouble { failures: 0, until: now });
        if probe || trouble.failures == 0 {
            trouble.failures += 1;
        }
        let own = if probe && trouble.failures > 1 { self.shared.backoff.after(trouble.failures - 1) } else { Duration::ZERO };
        trouble.until = trouble.until.max(now + own.max(retry_after.unwrap_or_default()));
        self.failing = Some(webhook);
    }

    fn woken(&mut self) {
        self.unread = true;
        let renewals = *self.wakes.borrow_and_update();
        if renewals != self.renewals {
            self.renewals = renewals;
            self.lines.forget();
            if let Some(trouble) = &mut self.trouble {
                trouble.until = self.shared.clock.now();
            }
        }
    }

    /// Posts nothing more until something wakes it.
    fn rest(&mut self) {
        self.lines.forget();
        self.unread = false;
    }

    /// How long nothing happens by itself; `None` until a post is over or something wakes it.
    fn wait(&self) -> Option<Duration> {
        let asks = self.posts.is_empty() && (self.unread || self.lines.any_ready());
        let left_alone = self.trouble.as_ref().filter(|_| asks).map(|trouble| trouble.until);
        left_alone.into_iter().chain(self.lines.next_try()).map(|until| self.shared.wait(until)).min()
    }
}
