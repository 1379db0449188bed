//! The time between the messages of a bulk.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use domain::model::{BulkId, BulkPart, Jid};
use tokio::time::Instant;

/// A message that is not its bulk's turn yet stays in hand for this long at most.
const PATIENCE: Duration = Duration::from_millis(250);

/// The same, for one that was put off before: it would be put off again and again if turns come a little later than foreseen.
const PATIENCE_AGAIN: Duration = Duration::from_secs(2);

/// For this long after its turn, those behind a message that was put off let it go first. One that has failed meanwhile never comes back.
const GRACE: Duration = Duration::from_secs(5);

/// Beyond this many, bulks that hold nothing back any more are forgotten.
const BULKS: usize = 64;

/// When each bulk may go on.
#[derive(Debug)]
pub struct Pacing {
    started_at: Instant,
    bulks: HashMap<BulkId, Line>,
}

/// How far a bulk has come.
#[derive(Debug)]
struct Line {
    /// The next message may be written from then on.
    free_at: Instant,
    /// Messages that were put off have their turns up to here.
    taken_until: Instant,
    /// Those, by their places in the bulk, until they are written.
    put_off: BTreeMap<u32, PutOff>,
}

#[derive(Debug)]
struct PutOff {
    chat: Jid,
    /// Until when it is waited for; over once it has come back.
    until: Instant,
}

impl Line {
    fn new(started_at: Instant, part: &BulkPart) -> Self {
        let free_at = if part.index == 0 { started_at } else { started_at + delay(part) };
        Self { free_at, taken_until: free_at, put_off: BTreeMap::new() }
    }
}

impl Pacing {
    /// What was written before is not known: a bulk's later messages wait as if one had been written just then.
    pub fn new(started_at: Instant) -> Self {
        Self { started_at, bulks: HashMap::new() }
    }

    /// When a message may be written.
    pub fn free_at(&self, part: &BulkPart) -> Instant {
        self.bulks.get(&part.id).map_or_else(|| Line::new(self.started_at, part).free_at, |line| line.free_at)
    }

    /// A message was written.
    pub fn written(&mut self, part: &BulkPart, now: Instant) {
        if self.bulks.len() >= BULKS {
            self.bulks.retain(|_, line| line.free_at.max(line.taken_until) > now);
        }
        let line = self.line(part);
        line.free_at = now + delay(part);
        line.put_off.remove(&part.index);
    }

    /// Gives turns to the messages in hand, first come, first served.
    pub fn turns(&mut self, now: Instant) -> Turns<'_> {
        Turns { pacing: self, now, in_hand: HashMap::new() }
    }

    fn line(&mut self, part: &BulkPart) -> &mut Line {
        self.bulks.entry(part.id.clone()).or_insert_with(|| Line::new(self.started_at, part))
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
    /// How long a message has to wait, if that is too long to keep it in hand, or if one that was put off goes to its chat first.
    pub fn wait(&mut self, part: &BulkPart, chat: &Jid) -> Option<Duration> {
        let now = self.now;
        let line = self.pacing.line(part);
        let in_hand = self.in_hand.entry(part.id.clone()).or_default();
        let came_back = line.put_off.get_mut(&part.index).map(|put_off| put_off.until = now).is_some();
        let before = line.put_off.range(..part.index).filter(|(_, put_off)| put_off.chat == *chat && put_off.until > now);
        let before = u32::try_from(before.count()).unwrap_or(u32::MAX);
        let next = line.free_at.max(now) + delay(part) * *in_hand;
        if before == 0 && next <= now + if came_back { PATIENCE_AGAIN } else { PATIENCE } {
            *in_hand += 1;
            return None;
        }
        let turn = if came_back && before > 0 {
            next + delay(part) * before
        } else {
            let turn = line.taken_until.max(next);
            line.taken_until = turn + delay(part);
            turn
        };
        let wait = (turn - now).max(PATIENCE);
        line.put_off.insert(part.index, PutOff { chat: chat.clone(), until: now + wait + GRACE });
        Some(wait)
    }
}

fn delay(part: &BulkPart) -> Duration {
    Duration::from_millis(part.delay_ms.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_secs(3);

    fn chat(number: u32) -> Jid {
        Jid::parse(&format!("628110000000{number}")).unwrap()
    }

    fn part(index: u32) -> BulkPart {
        BulkPart { id: BulkId::parse("blk_1").unwrap(), index, delay_ms: 3000 }
    }

    #[test]
    fn overdue_messages_get_turns_one_after_another_and_the_first_stays_in_hand() {
        let now = Instant::now();
        let mut pacing = Pacing::new(now - DELAY);
        let mut turns = pacing.turns(now);
        let waits: Vec<_> = (5..8).map(|index| turns.wait(&part(index), &chat(1))).collect();
        assert_eq!(waits, [None, Some(DELAY), Some(2 * DELAY)]);
        pacing.written(&part(5), now);
        let mut turns = pacing.turns(now);
        assert_eq!(turns.wait(&part(8), &chat(1)), Some(3 * DELAY), "behind those that were put off before");
        let mut turns = pacing.turns(now + DELAY);
        assert_eq!(turns.wait(&part(6), &chat(1)), None, "it is its turn");
    }

    #[test]
    fn in_its_chat_nobody_overtakes_one_that_was_put_off_unless_it_stays_away() {
        let now = Instant::now();
        let mut pacing = Pacing::new(now);
        assert_eq!(pacing.turns(now).wait(&part(6), &chat(1)), Some(DELAY));
        let turn = now + DELAY;
        assert_eq!(pacing.turns(turn).wait(&part(7), &chat(1)), Some(DELAY), "the one before it is late");
        assert_eq!(pacing.turns(turn).wait(&part(8), &chat(2)), None, "it goes elsewhere");
        assert_eq!(pacing.turns(turn).wait(&part(6), &chat(1)), None);
        pacing.written(&part(6), turn);
        assert_eq!(pacing.turns(turn + DELAY).wait(&part(7), &chat(1)), None);

        assert!(pacing.turns(turn).wait(&part(9), &chat(1)).is_some());
        assert!(pacing.turns(turn + DELAY + GRACE).wait(&part(10), &chat(1)).is_some());
        assert_eq!(pacing.turns(turn + 9 * DELAY + GRACE).wait(&part(11), &chat(1)), None, "they will not come any more");
    }

    #[test]
    fn one_that_was_put_off_stays_in_hand_if_its_turn_is_a_little_later_than_foreseen() {
        let now = Instant::now();
        let mut pacing = Pacing::new(now);
        assert_eq!(pacing.turns(now).wait(&part(6), &chat(1)), Some(DELAY));
        let early = now + DELAY - Duration::from_secs(1);
        assert_eq!(pacing.turns(early).wait(&part(7), &chat(2)), Some(2 * DELAY - Duration::from_secs(2)), "it was not");
        assert_eq!(pacing.turns(early).wait(&part(6), &chat(1)), None);
        assert_eq!(pacing.turns(early).wait(&part(6), &chat(1)), None, "nor later");
    }

    #[test]
    fn those_whose_turn_is_near_stay_in_hand_in_their_order() {
        let now = Instant::now();
        let mut pacing = Pacing::new(now);
        let mut turns = pacing.turns(now);
        let waits = |turns: &mut Turns<'_>, delay_ms| {
            (0..5).map(|index| turns.wait(&BulkPart { delay_ms, ..part(index) }, &chat(1))).collect::<Vec<_>>()
        };
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
        assert_eq!(pacing.turns(now).wait(&part(1), &chat(1)), Some(DELAY));
    }

    #[test]
    fn a_bulk_that_begins_in_this_run_waits_for_nothing() {
        let now = Instant::now();
        let mut pacing = Pacing::new(now);
        let mut turns = pacing.turns(now);
        assert_eq!([turns.wait(&part(0), &chat(1)), turns.wait(&part(1), &chat(1))], [None, Some(DELAY)]);
        assert_eq!(pacing.free_at(&part(0)), now);
    }
}
