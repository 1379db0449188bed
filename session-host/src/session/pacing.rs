//! The time between the messages of a bulk.

use std::{collections::HashMap, time::Duration};

use domain::model::{BulkId, BulkPart};
use tokio::time::Instant;

/// A message that is not its bulk's turn yet stays in hand for this long at most.
const PATIENCE: Duration = Duration::from_millis(250);

/// Beyond this many, bulks that hold nothing back any more are forgotten.
const BULKS: usize = 64;

/// When each bulk may go on.
#[derive(Debug)]
pub struct Pacing {
    started_at: Instant,
    bulks: HashMap<BulkId, Slots>,
}

#[derive(Clone, Copy, Debug)]
struct Slots {
    /// The next message may be written from then on.
    free_at: Instant,
    /// Messages that were put off have their turns up to here.
    taken_until: Instant,
}

impl Pacing {
    /// What was written before is not known: a bulk's later messages wait as if one had been written just then.
    pub fn new(started_at: Instant) -> Self {
        Self { started_at, bulks: HashMap::new() }
    }

    /// When a message may be written.
    pub fn free_at(&self, part: &BulkPart) -> Instant {
        self.slots(part).free_at
    }

    /// A message was written.
    pub fn written(&mut self, part: &BulkPart, now: Instant) {
        if self.bulks.len() >= BULKS {
            self.bulks.retain(|_, slots| slots.free_at.max(slots.taken_until) > now);
        }
        let slots = self.slots(part);
        self.bulks.insert(part.id.clone(), Slots { free_at: now + delay(part), ..slots });
    }

    /// Gives turns to the messages in hand, first come, first served.
    pub fn turns(&mut self, now: Instant) -> Turns<'_> {
        Turns { pacing: self, now, in_hand: HashMap::new() }
    }

    fn slots(&self, part: &BulkPart) -> Slots {
        self.bulks.get(&part.id).copied().unwrap_or_else(|| {
            let free_at = if part.index == 0 { self.started_at } else { self.started_at + delay(part) };
            Slots { free_at, taken_until: free_at }
        })
    }
}

/// The turns of the messages in hand at one moment.
pub struct Turns<'a> {
    pacing: &'a mut Pacing,
    now: Instant,
    /// How many messages of each bulk stay in hand.
    in_hand: HashMap<BulkId, u32>,
}

impl Turns<'_> {
    /// How long a message has to wait, if that is too long to keep it in hand.
    pub fn wait(&mut self, part: &BulkPart) -> Option<Duration> {
        let mut slots = self.pacing.slots(part);
        let in_hand = self.in_hand.entry(part.id.clone()).or_default();
        let next = slots.free_at.max(self.now) + delay(part) * *in_hand;
        if next <= self.now + PATIENCE {
            *in_hand += 1;
            self.pacing.bulks.insert(part.id.clone(), slots);
            return None;
        }
        let turn = slots.taken_until.max(next);
        slots.taken_until = turn + delay(part);
        self.pacing.bulks.insert(part.id.clone(), slots);
        Some(turn - self.now)
    }
}

fn delay(part: &BulkPart) -> Duration {
    Duration::from_millis(part.delay_ms.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_secs(3);

    fn part(index: u32) -> BulkPart {
        BulkPart { id: BulkId::parse("blk_1").unwrap(), index, delay_ms: 3000 }
    }

    #[test]
    fn overdue_messages_get_turns_one_after_another_and_the_first_stays_in_hand() {
        let now = Instant::now();
        let mut pacing = Pacing::new(now - DELAY);
        let mut turns = pacing.turns(now);
        let waits: Vec<_> = (5..8).map(|index| turns.wait(&part(index))).collect();
        assert_eq!(waits, [None, Some(DELAY), Some(2 * DELAY)]);
        pacing.written(&part(5), now);
        let mut turns = pacing.turns(now);
        assert_eq!(turns.wait(&part(8)), Some(3 * DELAY), "behind those that were put off before");
        let mut turns = pacing.turns(now + DELAY);
        assert_eq!(turns.wait(&part(6)), None, "it is its turn");
    }

    #[test]
    fn those_whose_turn_is_near_stay_in_hand_in_their_order() {
        let now = Instant::now();
        let mut pacing = Pacing::new(now);
        let mut turns = pacing.turns(now);
        let waits =
            |turns: &mut Turns<'_>, delay_ms| (0..5).map(|index| turns.wait(&BulkPart { delay_ms, ..part(index) })).collect::<Vec<_>>();
        assert_eq!(waits(&mut turns, 100), [None, None, None, Some(3 * Duration::from_millis(100)), Some(4 * Duration::from_millis(100))]);
        let mut pacing = Pacing::new(now);
        assert_eq!(waits(&mut pacing.turns(now), 0), [None; 5], "nothing holds them back");
    }

    #[test]
    fn what_a_former_run_wrote_last_is_kept_away_from() {
        let now = Instant::now();
        let mut pacing = Pacing::new(now);
        assert_eq!(pacing.free_at(&part(0)), now);
        assert_eq!(pacing.free_at(&part(1)), now + DELAY);
        assert_eq!(pacing.turns(now).wait(&part(1)), Some(DELAY));
    }

    #[test]
    fn a_bulk_that_begins_in_this_run_waits_for_nothing() {
        let now = Instant::now();
        let mut pacing = Pacing::new(now);
        let mut turns = pacing.turns(now);
        assert_eq!([turns.wait(&part(0)), turns.wait(&part(1))], [None, Some(DELAY)]);
        assert_eq!(pacing.free_at(&part(0)), now);
    }
}
