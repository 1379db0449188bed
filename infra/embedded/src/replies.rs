//! Outcomes handed over in memory: whoever waits is in the same process.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    model::{CommandId, Outcome},
    ports::{PortError, Replies},
};
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

/// How long an outcome is kept for somebody who asks late.
const KEPT: Duration = Duration::from_secs(60);

/// No wait is longer, whatever is asked for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// Outcomes of commands, on their way from the host to whoever waits. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct InProcessReplies(Arc<Mutex<Slots>>);

#[derive(Debug, Default)]
struct Slots {
    by_command: HashMap<CommandId, Slot>,
    /// When to look at which slot: oldest first, since all are kept equally long.
    expiry: VecDeque<(Instant, CommandId)>,
}

/// Where a command's outcome is left.
#[derive(Debug)]
struct Slot {
    outcome: Option<Outcome>,
    touched: Instant,
    /// Shared with those who wait.
    left: Arc<Notify>,
}

impl InProcessReplies {
    /// Nothing was answered yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Replies for InProcessReplies {
    async fn reply(&self, to: &CommandId, outcome: Outcome) -> Result<(), PortError> {
        let mut slots = self.slots();
        let slot = slots.slot(to);
        slot.outcome = Some(outcome);
        slot.left.notify_one();
        Ok(())
    }

    async fn wait(&self, to: &CommandId, timeout: Duration) -> Result<Option<Outcome>, PortError> {
        let deadline = Instant::now() + timeout.min(LONGEST_WAIT);
        loop {
            let left = {
                let mut slots = self.slots();
                let slot = slots.slot(to);
                if let Some(outcome) = slot.outcome.take() {
                    slots.by_command.remove(to);
                    return Ok(Some(outcome));
                }
                slot.left.clone()
            };
            if timeout_at(deadline, left.notified()).await.is_err() {
                return Ok(self.slots().slot(to).outcome.take());
            }
        }
    }
}

impl Slots {
    /// The command's slot, touched just now; drops those nobody came for on the way.
    fn slot(&mut self, command: &CommandId) -> &mut Slot {
        let now = Instant::now();
        self.expire(now);
        let Self { by_command, expiry } = self;
        let slot = by_command.entry(command.clone()).or_insert_with(|| {
            expiry.push_back((now + KEPT, command.clone()));
            Slot { outcome: None, touched: now, left: Arc::default() }
        });
        slot.touched = now;
        slot
    }

    fn expire(&mut self, now: Instant) {
        while let Some((_, command)) = self.expiry.pop_front_if(|(at, _)| *at <= now) {
            let Some(slot) = self.by_command.get(&command) else { continue };
            if Arc::strong_count(&slot.left) > 1 || slot.touched + KEPT > now {
                self.expiry.push_back((now + KEPT, command));
            } else {
                self.by_command.remove(&command);
            }
        }
    }
}
