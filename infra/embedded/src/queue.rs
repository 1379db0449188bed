//! Which commands are whose turn, in memory. This process is their only consumer, so the table holds what must survive and this the rest:
//! who is ready, who waits for a time, and what is in a host's hands.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    model::{DeviceId, Timestamp},
    ports::Epoch,
};
use rusqlite::Connection;
use tokio::sync::Notify;

use crate::{error::StoreError, rows};

/// Most commands of one group handed out at once, so that no device fills a host's hands.
const TURN: usize = 32;

/// A command's place in its group's order: when it was due at first, then its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub due_at: i64,
    pub row: i64,
}

/// A command taken out of the queue, and the number of this handing-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handed {
    pub number: u64,
    pub row: i64,
}

pub(crate) struct Queue {
    epoch: Epoch,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// The latest time seen: a clock that jumps back delays nothing and reorders nothing.
    now: i64,
    groups: HashMap<String, Group>,
    /// Whose head may go, in turn. May name groups that have lost their turn since.
    ready: VecDeque<String>,
    /// Whose head waits, by its time.
    timers: BTreeSet<(i64, String)>,
    /// What is in a host's hands, by the number of its handing-out.
    out: HashMap<u64, (String, Place)>,
    handed_out: u64,
}

/// Commands that keep their order: some of one device's.
struct Group {
    device: DeviceId,
    /// In order, with the time before which each must not go; the first holds back all others.
    waiting: BTreeMap<Place, i64>,
    out: usize,
    turn: Turn,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Turn {
    #[default]
    None,
    Ready,
    At(i64),
}

impl Queue {
    /// All commands there are, as if none had ever been handed out.
    pub fn load(connection: &Connection, epoch: Epoch) -> Result<Self, StoreError> {
        let queue = Self { epoch, state: Mutex::default(), changed: Notify::new() };
        let commands =
            rows::all(connection, "SELECT device_id, group_id, due_at, row, not_before FROM commands ORDER BY due_at, row", [], |row| {
                Ok((rows::text(row, 0)?, row.get(1)?, Place { due_at: row.get(2)?, row: row.get(3)? }, row.get(4)?))
            })?;
        for (device, group, place, not_before) in commands {
            queue.add(device, group, place, not_before);
        }
        Ok(queue)
    }

    /// The time that never goes back.
    pub fn now(&self, clock: Timestamp) -> i64 {
        self.state().advance(clock.millis())
    }

    /// A command was stored.
    pub fn add(&self, device: DeviceId, group: String, place: Place, not_before: i64) {
        self.change(|state| {
            let new = || Group { device, waiting: BTreeMap::new(), out: 0, turn: Turn::None };
            state.groups.entry(group.clone()).or_insert_with(new).waiting.insert(place, not_before);
            state.settle(&group)
        });
    }

    /// Takes at most `max` commands that are due, and how long until there will be more if there are none.
    pub fn take(&self, max: usize, clock: Timestamp) -> Result<Vec<Handed>, Option<Duration>> {
        let mut state = self.state();
        let now = state.advance(clock.millis());
        state.ripen();
        let taken = state.take(max);
        if !state.ready.is_empty() {
            self.changed.notify_one();
        }
        if !taken.is_empty() {
            return Ok(taken);
        }
        Err(state.timers.first().map(|(at, _)| Duration::from_millis(u64::try_from(at - now).unwrap_or(0))))
    }

    /// Waits until there is something new to take. What happened since the last wait counts.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// How a handing-out is named outside.
    pub fn receipt(&self, handed: Handed) -> String {
        format!("{}-{}", self.epoch.0, handed.number)
    }

    /// The handing-out of this name, while it lasts.
    pub fn find(&self, receipt: &str) -> Option<Handed> {
        let (epoch, number) = receipt.split_once('-')?;
        let number = number.parse().ok().filter(|_| epoch.parse() == Ok(self.epoch.0))?;
        let row = self.state().out.get(&number)?.1.row;
        Some(Handed { number, row })
    }

    /// Commands in hand are gone from the store.
    pub fn done(&self, handed: &[Handed]) {
        self.change(|state| handed.iter().fold(false, |wake, handed| state.put_down(*handed, None) | wake));
    }

    /// Commands in hand go back to their places, to be handed out from `not_before` on.
    pub fn give_back(&self, handed: &[Handed], not_before: i64) {
        self.change(|state| handed.iter().fold(false, |wake, handed| state.put_down(*handed, Some(not_before)) | wake));
    }

    /// The device and all of its commands are gone from the store.
    pub fn forget(&self, device: &DeviceId) {
        let State { groups, timers, out, .. } = &mut *self.state();
        let gone: HashMap<String, Group> = groups.extract_if(|_, group| group.device == *device).collect();
        out.retain(|_, (group, _)| !gone.contains_key(group));
        for (name, group) in gone {
            if let Turn::At(at) = group.turn {
                timers.remove(&(at, name));
            }
        }
    }

    fn change(&self, change: impl FnOnce(&mut State) -> bool) {
        if change(&mut self.state()) {
            self.changed.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn advance(&mut self, clock: i64) -> i64 {
        self.now = self.now.max(clock);
        self.now
    }

    /// Gives a turn to every group whose time has come.
    fn ripen(&mut self) {
        while let Some((at, name)) = self.timers.pop_first() {
            if at > self.now {
                self.timers.insert((at, name));
                return;
            }
            if let Some(group) = self.groups.get_mut(&name) {
                group.turn = Turn::Ready;
                self.ready.push_back(name);
            }
        }
    }

    fn take(&mut self, max: usize) -> Vec<Handed> {
        let mut taken = Vec::new();
        while taken.len() < max {
            let Some(name) = self.ready.pop_front() else { break };
            let Some(group) = self.groups.get_mut(&name).filter(|group| group.turn == Turn::Ready) else { continue };
            group.turn = Turn::None;
            let room = TURN.min(max - taken.len());
            while group.out < room
                && let Some(head) = group.waiting.first_entry()
                && *head.get() <= self.now
            {
                let place = *head.key();
                head.remove();
                group.out += 1;
                self.handed_out += 1;
                self.out.insert(self.handed_out, (name.clone(), place));
                taken.push(Handed { number: self.handed_out, row: place.row });
            }
            if group.out == 0 {
                self.settle(&name);
            }
        }
        taken
    }

    fn put_down(&mut self, handed: Handed, again: Option<i64>) -> bool {
        let Some((name, place)) = self.out.remove(&handed.number) else { return false };
        let Some(group) = self.groups.get_mut(&name) else { return false };
        group.out -= 1;
        if let Some(not_before) = again {
            group.waiting.insert(place, not_before);
        }
        self.settle(&name)
    }

    /// Finds the group's turn anew; answers whether a receiver has to look again because of it.
    fn settle(&mut self, name: &str) -> bool {
        let Some(group) = self.groups.get_mut(name) else { return false };
        let turn = match group.waiting.first_key_value() {
            Some((_, at)) if group.out == 0 && *at <= self.now => Turn::Ready,
            Some((_, at)) if group.out == 0 => Turn::At(*at),
            _ => Turn::None,
        };
        let before = std::mem::replace(&mut group.turn, turn);
        if group.out == 0 && group.waiting.is_empty() {
            self.groups.remove(name);
        }
        if before == turn {
            return false;
        }
        if let Turn::At(at) = before {
            self.timers.remove(&(at, name.to_owned()));
        }
        match turn {
            Turn::None => false,
            Turn::Ready => {
                self.ready.push_back(name.to_owned());
                true
            }
            Turn::At(at) => {
                self.timers.insert((at, name.to_owned()));
                self.timers.first().is_some_and(|(first, _)| *first == at)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(n: i64) -> DeviceId {
        DeviceId::parse(format!("dev_{n}")).unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::from_millis(0)
    }

    fn empty() -> Queue {
        Queue { epoch: Epoch(1), state: Mutex::default(), changed: Notify::new() }
    }

    #[test]
    fn a_hundred_thousand_commands_are_handed_out_in_full_turns_and_devices_take_turns() {
        let queue = empty();
        let (devices, each) = (1_000, 100);
        for row in 0..devices * each {
            queue.add(device(row % devices), format!("{}", row % devices), Place { due_at: 0, row }, 0);
        }
        let mut last = HashMap::new();
        // Three full turns of 32 for each device and one of 4, so that no call comes back with less than there is.
        for (round, turn) in [32, 32, 32, 4].into_iter().enumerate() {
            for n in 0..devices {
                let taken = queue.take(turn, now()).unwrap();
                assert_eq!(taken.len(), turn, "round {round}, device {n}");
                for handed in &taken {
                    assert_eq!(handed.row % devices, n);
                    assert!(last.insert(n, handed.row).is_none_or(|last| last < handed.row));
                }
                queue.done(&taken);
            }
        }
        assert_eq!(queue.take(1, now()), Err(None));
        assert!(queue.state().groups.is_empty() && queue.state().out.is_empty() && queue.state().timers.is_empty());
    }

    #[test]
    fn a_device_that_is_forgotten_leaves_nothing_behind() {
        let queue = empty();
        queue.add(device(1), "1".into(), Place { due_at: 0, row: 1 }, 0);
        queue.add(device(1), "1".into(), Place { due_at: 0, row: 2 }, 0);
        queue.add(device(2), "2".into(), Place { due_at: 9, row: 3 }, 9);
        let taken = queue.take(1, now()).unwrap();
        queue.forget(&device(1));
        queue.forget(&device(2));
        queue.give_back(&taken, 0);
        assert_eq!(queue.take(9, now()), Err(None));
        assert!(queue.state().groups.is_empty() && queue.state().out.is_empty() && queue.state().timers.is_empty());
    }
}
