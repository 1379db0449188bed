//! What a source has received and not let go of yet, and what of it may be handed out.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Duration,
};

use domain::{model::Lane, ports::Received};
use tokio::time::Instant;

/// SQS forgets after twelve hours that a message is in hand, whatever it is asked. It comes again then, and is held on to as the one it is.
pub(super) const LONGEST: Duration = Duration::from_secs(11 * 3600 + 1800);

/// A message that SQS has handed out.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub lane: Lane,
    /// What SQS calls it each time.
    pub message: String,
    /// What SQS knows this handing-out by.
    pub handle: String,
    pub since: Instant,
    /// The receipt is the handle that it was first received with.
    pub received: Received,
}

/// By lane and handle.
pub(super) type Handles = Vec<(Lane, String)>;

#[derive(Default)]
pub(super) struct Hand {
    /// Not handed out yet, in their order.
    waiting: VecDeque<Held>,
    /// Handed out, by their receipts.
    given: HashMap<String, Held>,
    /// How many of a group are handed out, or on their way back.
    busy: HashMap<String, usize>,
    /// All that are waiting or handed out, as SQS calls them.
    messages: HashSet<String>,
    closed: bool,
}

impl Hand {
    /// Holds on to what was received, unless it is closed: answers what is to be given back.
    pub fn take_in(&mut self, received: Vec<Held>) -> Vec<Held> {
        if self.closed {
            return received;
        }
        for held in received {
            if self.messages.insert(held.message.clone()) {
                self.waiting.push_back(held);
            } else if let Some(same) = self.waiting.iter_mut().chain(self.given.values_mut()).find(|same| same.message == held.message) {
                // It was not extended in time. Whoever has it goes on with it.
                (same.handle, same.since) = (held.handle, held.since);
            }
        }
        Vec::new()
    }

    /// Hands out at most `max`: none of a group that has some handed out before.
    pub fn give(&mut self, max: usize) -> Vec<Received> {
        let (mut given, mut begun) = (Vec::new(), HashSet::new());
        if self.closed {
            return given;
        }
        for held in std::mem::take(&mut self.waiting) {
            let group = held.received.envelope.group();
            if given.len() == max || self.busy.contains_key(&group) && !begun.contains(&group) {
                self.waiting.push_back(held);
                continue;
            }
            *self.busy.entry(group.clone()).or_default() += 1;
            begun.insert(group);
            given.push(held.received.clone());
            self.given.insert(held.received.receipt.clone(), held);
        }
        given
    }

    /// How many could be handed out.
    pub fn ready(&self) -> usize {
        self.waiting.iter().filter(|held| !self.busy.contains_key(&held.received.envelope.group())).count()
    }

    pub fn find(&self, receipt: &str) -> Option<&Held> {
        self.given.get(receipt)
    }

    /// One that was handed out is done.
    pub fn done(&mut self, receipt: &str) {
        if let Some(held) = self.given.remove(receipt) {
            self.messages.remove(&held.message);
            self.free(&held.received.envelope.group());
        }
    }

    /// Lets go of one that was handed out, and of what waits behind it, which comes first. Nothing of the group is handed out until it is [freed](Self::free).
    pub fn returned(&mut self, receipt: &str) -> Option<(Vec<Held>, Held)> {
        let held = self.given.remove(receipt)?;
        self.messages.remove(&held.message);
        let group = held.received.envelope.group();
        let (behind, waiting) = self.waiting.drain(..).partition(|held| held.received.envelope.group() == group);
        self.waiting = waiting;
        let behind: VecDeque<Held> = behind;
        for held in &behind {
            self.messages.remove(&held.message);
        }
        Some((behind.into_iter().rev().collect(), held))
    }

    pub fn free(&mut self, group: &str) {
        if let Some(busy) = self.busy.get_mut(group) {
            *busy -= 1;
            if *busy == 0 {
                self.busy.remove(group);
            }
        }
    }

    /// What is to be extended.
    pub fn held(&self) -> Handles {
        let all = self.waiting.iter().chain(self.given.values());
        all.filter(|held| held.since.elapsed() < LONGEST).map(|held| (held.lane, held.handle.clone())).collect()
    }

    /// Takes nothing in any longer, and hands nothing out.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// Lets go of what was not handed out, newest first.
    pub fn left(&mut self) -> Handles {
        let waiting = std::mem::take(&mut self.waiting);
        for held in &waiting {
            self.messages.remove(&held.message);
        }
        waiting.into_iter().rev().map(|held| (held.lane, held.handle)).collect()
    }

    /// Lets go of what was handed out, newest first.
    pub fn given(&mut self) -> Handles {
        self.busy.clear();
        let mut given: Vec<Held> = std::mem::take(&mut self.given).into_values().collect();
        given.sort_by_key(|held| std::cmp::Reverse(held.since));
        for held in &given {
            self.messages.remove(&held.message);
        }
        given.into_iter().map(|held| (held.lane, held.handle)).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::contract::samples::envelope;

    use super::*;

    /// Messages that are named `device/name`, each in a handing-out of its own.
    fn received(names: &[&str], round: u32) -> Vec<Held> {
        let held = |name: &&str| {
            let (device, command) = name.split_once('/').unwrap();
            let handle = format!("{name}@{round}");
            let received = Received { envelope: envelope(device, command), attempts: round, receipt: handle.clone() };
            Held { lane: Lane(0), message: (*name).to_owned(), handle, since: Instant::now(), received }
        };
        names.iter().map(held).collect()
    }

    fn hand(names: &[&str]) -> Hand {
        let mut hand = Hand::default();
        assert!(hand.take_in(received(names, 1)).is_empty());
        hand
    }

    fn give(hand: &mut Hand, max: usize) -> Vec<String> {
        hand.give(max).into_iter().map(|received| received.receipt).collect()
    }

    fn handles(handles: Handles) -> Vec<String> {
        handles.into_iter().map(|(_, handle)| handle).collect()
    }

    #[test]
    fn none_of_a_group_is_handed_out_while_some_of_a_former_time_is() {
        let mut hand = hand(&["a/1", "a/2", "b/1", "a/3"]);
        assert_eq!((hand.ready(), give(&mut hand, 2)), (4, vec!["a/1@1".to_owned(), "a/2@1".to_owned()]));
        assert_eq!((hand.ready(), give(&mut hand, 9)), (1, vec!["b/1@1".to_owned()]));
        hand.done("a/1@1");
        assert_eq!(give(&mut hand, 9), Vec::<String>::new());
        hand.done("a/2@1");
        hand.done("a/2@1");
        assert_eq!(give(&mut hand, 9), ["a/3@1"]);
    }

    #[test]
    fn what_comes_again_while_it_is_in_hand_is_the_same() {
        let mut hand = hand(&["a/1", "a/2"]);
        assert_eq!(give(&mut hand, 1), ["a/1@1"]);
        assert!(hand.take_in(received(&["a/1", "a/2"], 2)).is_empty());
        assert_eq!(hand.find("a/1@1").unwrap().handle, "a/1@2");
        hand.done("a/1@1");
        assert_eq!((give(&mut hand, 9), handles(hand.held())), (vec!["a/2@1".to_owned()], vec!["a/2@2".to_owned()]));
    }

    #[test]
    fn what_waits_behind_a_returned_one_goes_before_it_and_comes_after_it() {
        let mut hand = hand(&["a/1", "a/2", "b/1", "a/3"]);
        give(&mut hand, 1);
        let (behind, first) = hand.returned("a/1@1").unwrap();
        assert_eq!(behind.into_iter().map(|held| held.handle).collect::<Vec<_>>(), ["a/3@1", "a/2@1"]);
        assert!(hand.returned("a/1@1").is_none());
        hand.take_in(received(&["a/1", "a/2", "a/3"], 2));
        assert_eq!(give(&mut hand, 9), ["b/1@1"]);
        hand.free(&first.received.envelope.group());
        assert_eq!(give(&mut hand, 9), ["a/1@2", "a/2@2", "a/3@2"]);
    }

    #[test]
    fn a_closed_hand_takes_and_gives_nothing_and_lets_go_the_newest_first() {
        let mut hand = hand(&["a/1", "b/1", "c/1"]);
        give(&mut hand, 1);
        hand.close();
        assert_eq!(hand.take_in(received(&["d/1"], 1)).len(), 1);
        assert_eq!(give(&mut hand, 9), Vec::<String>::new());
        assert_eq!(handles(hand.left()), ["c/1@1", "b/1@1"]);
        assert_eq!(handles(hand.held()), ["a/1@1"]);
        assert_eq!(handles(hand.given()), ["a/1@1"]);
        assert!(hand.held().is_empty());
    }
}
