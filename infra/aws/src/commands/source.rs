//! Keeps what a host takes out of its lanes at hand: polls ahead, extends what is in hand, moves in what has become due.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use domain::{
    model::Lane,
    pipeline::Backoff,
    ports::{PortError, Received},
};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Lanes,
    hand::{Hand, Handles, Held, LONGEST},
    queue::Entry,
};

/// A lane is polled while fewer than these are at hand.
const AHEAD: usize = 10;

/// How often it is looked for what has become due.
const LOOK: Duration = Duration::from_secs(1);

/// How often a command that cannot be read comes again before it is put aside: a later version of this program may read it.
const UNREADABLE: u32 = 10;

const BACKOFF: Backoff = Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(10) };

/// The commands of some lanes. Begins to poll when something is first asked for; dropped, it gives back what it has not handed out.
pub(super) struct Source {
    pub lanes: Vec<Lane>,
    pub visibility: Duration,
    in_hand: Arc<InHand>,
    started: AtomicBool,
    polling: CancellationToken,
    extending: CancellationToken,
    tasks: TaskTracker,
}

#[derive(Default)]
struct InHand {
    hand: Mutex<Hand>,
    changed: Notify,
    /// Held while visibility is changed: an extension that arrives after its message was returned would undo that.
    turn: tokio::sync::Mutex<()>,
}

impl InHand {
    fn hand(&self) -> MutexGuard<'_, Hand> {
        self.hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    pub fn new(lanes: Vec<Lane>, visibility: Duration) -> Self {
        Self {
            lanes,
            visibility,
            in_hand: Arc::default(),
            started: AtomicBool::new(false),
            polling: CancellationToken::new(),
            extending: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    fn start(&self, all: &Arc<Lanes>) {
        if self.started.swap(true, Ordering::Relaxed) {
            return;
        }
        for &lane in &self.lanes {
            let poller = Poller { all: all.clone(), lane, visibility: self.visibility, in_hand: self.in_hand.clone() };
            self.tasks.spawn(poller.run(self.polling.clone()));
            self.tasks.spawn(move_due(all.clone(), lane, self.polling.clone()));
        }
        self.tasks.spawn(extend(all.clone(), self.in_hand.clone(), self.visibility, self.extending.clone()));
        let (all, in_hand, polling) = (all.clone(), self.in_hand.clone(), self.polling.clone());
        self.tasks.spawn(async move {
            polling.cancelled().await;
            let _turn = in_hand.turn.lock().await;
            let waiting = in_hand.hand().left();
            give_back(&all, waiting).await;
        });
    }

    /// Waits until something may be handed out, and hands out at most `max`.
    pub async fn receive(&self, all: &Arc<Lanes>, max: usize) -> Vec<Received> {
        self.start(all);
        loop {
            let changed = self.in_hand.changed.notified();
            let received = self.in_hand.hand().give(max);
            if !received.is_empty() {
                self.in_hand.changed.notify_waiters();
                return received;
            }
            changed.await;
        }
    }

    pub fn find(&self, receipt: &str) -> Option<Held> {
        self.in_hand.hand().find(receipt).cloned()
    }

    pub fn done(&self, receipt: &str) {
        self.in_hand.hand().done(receipt);
        self.in_hand.changed.notify_waiters();
    }

    /// If it fails, the command comes again when its visibility ends.
    pub async fn give_again(&self, all: &Lanes, receipt: &str, delay: Duration) -> Result<(), PortError> {
        let _turn = self.in_hand.turn.lock().await;
        let Some((behind, held)) = self.in_hand.hand().returned(receipt) else { return Ok(()) };
        let queue = all.queue(held.lane)?;
        let behind: Vec<String> = behind.into_iter().map(|held| held.handle).collect();
        // Beyond this, SQS would refuse.
        let delay = delay.min(LONGEST.saturating_sub(held.since.elapsed()));
        let given = async {
            queue.change(&behind, Duration::ZERO).await?;
            queue.change(&[held.handle], delay).await
        };
        let given = given.await;
        self.in_hand.hand().free(&held.received.envelope.group());
        self.in_hand.changed.notify_waiters();
        given
    }

    pub fn stop(&self) {
        self.in_hand.hand().close();
        self.polling.cancel();
    }

    pub async fn release_all(&self, all: &Lanes) {
        self.stop();
        self.extending.cancel();
        let _turn = self.in_hand.turn.lock().await;
        let given = self.in_hand.hand().given();
        give_back(all, given).await;
    }

    pub fn abandon(&self) {
        self.stop();
        self.extending.cancel();
        self.in_hand.hand().given();
    }

    pub async fn closed(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.stop();
        self.extending.cancel();
    }
}

/// How long polls wait at first: the lane's former host gives back what its last poll brings, and not every queue wakes those that wait for that.
const FIRST_POLLS: Duration = Duration::from_secs(1);

struct Poller {
    all: Arc<Lanes>,
    lane: Lane,
    visibility: Duration,
    in_hand: Arc<InHand>,
}

impl Poller {
    async fn run(self, polling: CancellationToken) {
        let begun = Instant::now();
        let mut failures = 0;
        while self.room(&polling).await {
            // Not broken off at a stop: what SQS handed out by then would be out of sight for as long as what is in hand.
            let wait = if begun.elapsed() < 2 * self.visibility { FIRST_POLLS } else { self.visibility };
            match self.poll(wait).await {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    tracing::warn!(lane = %self.lane, ?error, "commands could not be received");
                    polling.run_until_cancelled(sleep(BACKOFF.after(failures))).await;
                }
            }
        }
    }

    /// Waits until more is wanted; `false` if nothing is any longer.
    async fn room(&self, polling: &CancellationToken) -> bool {
        loop {
            let changed = self.in_hand.changed.notified();
            if polling.is_cancelled() {
                return false;
            }
            if self.in_hand.hand().ready() < AHEAD {
                return true;
            }
            polling.run_until_cancelled(changed).await;
        }
    }

    async fn poll(&self, wait: Duration) -> Result<(), PortError> {
        let mut received = Vec::new();
        for message in self.all.queue(self.lane)?.receive(self.visibility, wait).await? {
            received.extend(self.read(message).await?);
        }
        let refused = self.in_hand.hand().take_in(received);
        self.in_hand.changed.notify_waiters();
        give_back(&self.all, refused.into_iter().rev().map(|held| (held.lane, held.handle)).collect()).await;
        Ok(())
    }

    async fn read(&self, message: Message) -> Result<Option<Held>, PortError> {
        let (Some(id), Some(handle), Some(body)) = (message.message_id, message.receipt_handle, message.body) else { return Ok(None) };
        let said = message.attributes.unwrap_or_default();
        let attempts = said.get(&MessageSystemAttributeName::ApproximateReceiveCount).and_then(|count| count.parse().ok()).unwrap_or(1);
        match serde_json::from_str(&body) {
            Ok(envelope) => {
                let received = Received { envelope, attempts, receipt: handle.clone() };
                Ok(Some(Held { lane: self.lane, message: id, handle, since: Instant::now(), received }))
            }
            Err(error) => {
                tracing::error!(lane = %self.lane, message = id, attempts, %error, "a command could not be read");
                if attempts >= UNREADABLE {
                    let group = said.get(&MessageSystemAttributeName::MessageGroupId).map_or("unknown", String::as_str);
                    self.all.put_aside(self.lane, &Entry::unread(group, &body), handle, "it could not be read").await?;
                }
                Ok(None)
            }
        }
    }
}

/// Keeps what is in hand out of others' sight.
async fn extend(all: Arc<Lanes>, in_hand: Arc<InHand>, visibility: Duration, extending: CancellationToken) {
    let mut ticks = interval(visibility / 3);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while extending.run_until_cancelled(ticks.tick()).await.is_some() {
        let _turn = in_hand.turn.lock().await;
        let held = in_hand.hand().held();
        change(&all, held, visibility).await;
    }
}

/// Sends what has become due.
async fn move_due(all: Arc<Lanes>, lane: Lane, polling: CancellationToken) {
    while !polling.is_cancelled() {
        match all.move_due(lane).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%lane, ?error, "commands that have become due could not be sent"),
        }
        polling.run_until_cancelled(sleep(LOOK)).await;
    }
}

/// For others to have at once.
async fn give_back(all: &Lanes, handles: Handles) {
    change(all, handles, Duration::ZERO).await;
}

async fn change(all: &Lanes, handles: Handles, visibility: Duration) {
    let mut by_lane: HashMap<Lane, Vec<String>> = HashMap::new();
    for (lane, handle) in handles {
        by_lane.entry(lane).or_default().push(handle);
    }
    for (lane, handles) in by_lane {
        let changed = async { all.queue(lane)?.change(&handles, visibility).await };
        if let Err(error) = changed.await {
            tracing::warn!(%lane, commands = handles.len(), ?error, "commands in hand could not be extended or given back");
        }
    }
}
