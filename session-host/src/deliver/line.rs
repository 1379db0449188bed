//! What is known of one line: deliveries that keep their order, those about one chat or about none.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use domain::model::{Delivery, Jid, Timestamp};

/// What was read longer ago is read again, so that changed settings do not wait for a slow receiver to take a whole batch.
const STALE: Duration = Duration::from_secs(1);

/// What a delivery keeps its order within.
pub(super) type Chat = Option<Jid>;

struct Line {
    step: Step,
    /// What was read of it, in order, and is to be posted.
    queue: VecDeque<Delivery>,
    read_at: Instant,
    /// Whether a read left it out, so that there may be more of it.
    left_out: bool,
}

enum Step {
    /// The first of its queue may be posted.
    Ready,
    /// One of it is on its way.
    Posting,
    /// Its first has failed and is not to be tried before then.
    Waiting(Timestamp),
}

/// The lines of a device that cannot be left to the store: what is read next is none of them.
#[derive(Default)]
pub(super) struct Lines(HashMap<Chat, Line>);

impl Lines {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, for a read to leave out.
    pub(super) fn leave_out(&mut self) -> Vec<Chat> {
        self.0.values_mut().for_each(|line| line.left_out = true);
        self.0.keys().cloned().collect()
    }

    /// Takes in the next delivery that was read; if it is the first of its line, and not to be posted yet, the line waits.
    pub(super) fn add(&mut self, delivery: Delivery, wait_until: Option<Timestamp>) {
        let line = self.0.entry(delivery.chat.clone()).or_insert_with(|| Line {
            step: wait_until.map_or(Step::Ready, Step::Waiting),
            queue: VecDeque::new(),
            read_at: Instant::now(),
            left_out: false,
        });
        if !matches!(line.step, Step::Waiting(_)) {
            line.queue.push_back(delivery);
        }
    }

    /// The delivery to be posted next, whose line is posting from now on: the first event of all that may be told.
    pub(super) fn take(&mut self) -> Option<Delivery> {
        let ready = self.0.values_mut().filter(|line| matches!(line.step, Step::Ready));
        let line = ready.min_by_key(|line| line.queue.front().map(|delivery| delivery.event.seq))?;
        line.step = Step::Posting;
        line.queue.pop_front()
    }

    /// A post is over and its delivery done. Answers whether there may be more of the line in the store.
    pub(super) fn done(&mut self, chat: &Chat) -> bool {
        let Some(line) = self.0.get_mut(chat) else { return true };
        let fresh = line.read_at.elapsed() < STALE;
        if fresh && !line.queue.is_empty() {
            line.step = Step::Ready;
            return false;
        }
        let more = line.left_out || !line.queue.is_empty();
        self.0.remove(chat);
        more
    }

    /// A post has failed, and the line waits.
    pub(super) fn wait(&mut self, chat: &Chat, until: Timestamp) {
        if let Some(line) = self.0.get_mut(chat) {
            line.step = Step::Waiting(until);
            line.queue.clear();
        }
    }

    /// Leaves to the store what is not on its way.
    pub(super) fn forget(&mut self) {
        self.0.retain(|_, line| matches!(line.step, Step::Posting));
        for line in self.0.values_mut() {
            line.queue.clear();
            line.left_out = true;
        }
    }

    /// Leaves lines to the store that need not wait any more, or were read too long ago, and answers whether there were any.
    pub(super) fn ripen(&mut self, wait: impl Fn(Timestamp) -> Duration) -> bool {
        let before = self.0.len();
        self.0.retain(|_, line| match line.step {
            Step::Posting => true,
            Step::Ready => line.read_at.elapsed() < STALE,
            Step::Waiting(until) => !wait(until).is_zero(),
        });
        self.0.len() < before
    }

    /// Whether any can be posted.
    pub(super) fn any_ready(&self) -> bool {
        self.0.values().any(|line| matches!(line.step, Step::Ready))
    }

    /// When the first of those that wait are to be tried again.
    pub(super) fn next_try(&self) -> Option<Timestamp> {
        self.0.values().filter_map(|line| if let Step::Waiting(until) = line.step { Some(until) } else { None }).min()
    }
}
