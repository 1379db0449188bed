//! How many messages there are of each sort and status, so that a total is a sum of counts and never of messages. A host keeps them with its device: all of
//! them, and those of each day. The last days are in the device's head, every day before them is an item of its own.

use std::{collections::BTreeMap, fmt};

use domain::{
    model::{Direction, Message, MessageFilter, MessageStatus, MessageTally, MessageType, Timestamp},
    ports::PortError,
};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Flaw, flaw},
    table::{Item, item, text_of},
};

/// Stored: new ones are only ever added.
const KINDS: [(MessageType, char); 12] = [
    (MessageType::Text, 't'),
    (MessageType::Image, 'i'),
    (MessageType::Video, 'v'),
    (MessageType::Audio, 'a'),
    (MessageType::Document, 'd'),
    (MessageType::Sticker, 's'),
    (MessageType::Location, 'l'),
    (MessageType::Contact, 'c'),
    (MessageType::Other, 'o'),
    (MessageType::Poll, 'p'),
    (MessageType::Reaction, 'r'),
    (MessageType::Vote, 'w'),
];

/// Stored: new ones are only ever added.
const STATUSES: [(MessageStatus, char); 5] = [
    (MessageStatus::Pending, 'p'),
    (MessageStatus::Failed, 'f'),
    (MessageStatus::Sent, 's'),
    (MessageStatus::Delivered, 'd'),
    (MessageStatus::Read, 'r'),
];

/// What of a message never changes and lists are asked for: its direction and its kind. Written as a word of two letters, in indexes as `sort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sort {
    outgoing: bool,
    /// A place in [`KINDS`].
    kind: usize,
}

/// What messages are counted by: their sort and how far they got. Written as a word of three letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct Class {
    pub sort: Sort,
    pub status: MessageStatus,
}

/// How many messages there are of each class; none of those that are not named.
pub(crate) type Counted = BTreeMap<Class, u64>;

/// A day in UTC, counted from the first of 1970.
pub(crate) type Day = i64;

/// How many days before the latest one stay in the head.
const KEPT: Day = 2;

/// The counts in a device's head. Outgoing messages that are pending are in none: they become counted as they move on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub all: Counted,
    /// The first day whose counts are here, those of all later ones too. The days before have items of their own, if anything is counted there.
    since: Option<Day>,
    pub days: BTreeMap<Day, Counted>,
}

impl Sort {
    pub fn of(message: &Message) -> Self {
        let kind = KINDS.iter().position(|(kind, _)| *kind == message.kind).expect("every kind has its letter");
        Self { outgoing: message.direction == Direction::Outgoing, kind }
    }

    pub fn parse(word: &str) -> Result<Self, PortError> {
        Self::read(word).ok_or_else(|| flaw("no sort of messages"))
    }

    fn read(word: &str) -> Option<Self> {
        let mut letters = word.chars();
        let (way, kind, None) = (letters.next()?, letters.next()?, letters.next()) else { return None };
        let kind = KINDS.iter().position(|(_, letter)| *letter == kind)?;
        matches!(way, 'i' | 'o').then_some(Self { outgoing: way == 'o', kind })
    }

    pub fn direction(self) -> Direction {
        if self.outgoing { Direction::Outgoing } else { Direction::Incoming }
    }

    pub fn kind(self) -> MessageType {
        KINDS[self.kind].0
    }

    /// Whether the filter wants messages like these, whatever their status.
    pub fn meets(self, filter: &MessageFilter) -> bool {
        filter.direction.is_none_or(|direction| direction == self.direction()) && filter.kind.is_none_or(|kind| kind == self.kind())
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", if self.outgoing { 'o' } else { 'i' }, KINDS[self.kind].1)
    }
}

impl Class {
    pub fn of(message: &Message) -> Self {
        Self { sort: Sort::of(message), status: message.status }
    }

    /// Whether its messages are in the counts.
    pub fn is_counted(self) -> bool {
        !(self.sort.outgoing && self.status == MessageStatus::Pending)
    }

    /// Whether the filter wants messages like these.
    pub fn meets(self, filter: &MessageFilter) -> bool {
        self.sort.meets(filter) && filter.status.is_none_or(|status| status == self.status)
    }
}

impl From<Class> for String {
    fn from(class: Class) -> Self {
        let letter = STATUSES.iter().find(|(status, _)| *status == class.status).expect("every status has its letter").1;
        format!("{}{letter}", class.sort)
    }
}

impl TryFrom<String> for Class {
    type Error = Flaw;

    fn try_from(word: String) -> Result<Self, Flaw> {
        let read = || {
            let (place, letter) = word.char_indices().next_back()?;
            let status = STATUSES.iter().find(|(_, one)| *one == letter)?.0;
            Some(Self { sort: Sort::read(&word[..place])?, status })
        };
        read().ok_or_else(|| Flaw("no class of messages".into()))
    }
}

/// Counts so many more, or fewer.
pub(crate) fn change(counted: &mut Counted, class: Class, by: i64) {
    let count = counted.get(&class).copied().unwrap_or(0).saturating_add_signed(by);
    if count > 0 {
        counted.insert(class, count);
    } else {
        counted.remove(&class);
    }
}

impl Counts {
    /// Makes room for a day that something is to be counted in, on the day that is `today`: answers the days that are from now on items of their own, to be
    /// put as [`day_item`] with the new head. What is dated in the future moves nothing.
    pub fn turn_to(&mut self, day: Day, today: Day) -> Vec<(Day, Counted)> {
        let since = (day.min(today) - KEPT).max(self.since.unwrap_or(Day::MIN));
        self.since = Some(since);
        let kept = self.days.split_off(&since);
        std::mem::replace(&mut self.days, kept).into_iter().collect()
    }

    /// Counts so many more, or fewer, of a day and of all. `false` if the day has an item of its own, which the caller has to change too.
    pub fn change(&mut self, day: Day, class: Class, by: i64) -> bool {
        change(&mut self.all, class, by);
        let here = self.has(day);
        if here {
            let counted = self.days.entry(day).or_default();
            change(counted, class, by);
            if counted.is_empty() {
                self.days.remove(&day);
            }
        }
        here
    }

    /// The first day whose counts are here; `None` if nothing was ever counted.
    pub fn since(&self) -> Option<Day> {
        self.since
    }

    /// Whether the day's counts are here, not in an item.
    pub fn has(&self, day: Day) -> bool {
        self.since.is_some_and(|since| since <= day)
    }
}

/// The day of a moment.
pub(crate) fn day(moment: Timestamp) -> Day {
    moment.millis().div_euclid(DAY_MS)
}

pub(crate) const DAY_MS: i64 = 24 * 3_600_000;

/// So that days of all years sort.
const FIRST: Day = -1_000_000;

/// The sort key of a day's counts.
pub(crate) fn day_sk(day: Day) -> String {
    format!("day#{:07}", day - FIRST)
}

/// The item of a day's counts.
pub(crate) fn day_item(pk: &str, day: Day, counted: &Counted) -> Result<Item, PortError> {
    let counts = serde_json::to_string(counted).map_err(flaw)?;
    item(pk, &day_sk(day), &BTreeMap::from([("counts", counts)]))
}

/// What [`day_item`] made.
pub(crate) fn day_of(item: &Item) -> Result<(Day, Counted), PortError> {
    let day = text_of(item, "sk")?.strip_prefix("day#").and_then(|day| day.parse::<Day>().ok()).ok_or_else(|| flaw("no day"))?;
    Ok((day + FIRST, serde_json::from_str(text_of(item, "counts")?).map_err(flaw)?))
}

/// The figures of so many messages of each sort.
pub(crate) fn tally(counted: impl Iterator<Item = (Sort, u64)>) -> MessageTally {
    let mut tally = MessageTally::default();
    for (sort, count) in counted {
        tally.total += count;
        match sort.direction() {
            Direction::Outgoing => tally.sent += count,
            Direction::Incoming => tally.received += count,
        }
        match sort.kind() {
            MessageType::Text => tally.text += count,
            kind if kind.is_media() => tally.media += count,
            _ => {}
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_its_word_again() {
        for kind in 0..KINDS.len() {
            for (status, _) in STATUSES {
                for outgoing in [true, false] {
                    let class = Class { sort: Sort { outgoing, kind }, status };
                    assert_eq!(Class::try_from(String::from(class)).unwrap(), class);
                    assert_eq!(Sort::parse(&class.sort.to_string()).unwrap(), class.sort);
                }
            }
        }
        for word in ["", "o", "ot", "otx", "xtp", "oxp", "otpp", "\u{10ffff}tp"] {
            assert!(Class::try_from(word.to_owned()).is_err(), "{word}");
        }
    }

    #[test]
    fn the_last_days_are_in_the_head_and_each_day_before_has_an_item() {
        let class = Class::try_from("ots".to_owned()).unwrap();
        let mut counts = Counts::default();
        let mut items: BTreeMap<Day, Counted> = BTreeMap::new();
        let mut all: BTreeMap<Day, u64> = BTreeMap::new();
        for day in [10, 11, 12, 9, 13, 11, 40, 10, 12, -5, 900, 41] {
            items.extend(counts.turn_to(day, 50));
            if !counts.change(day, class, 1) {
                change(items.entry(day).or_default(), class, 1);
            }
            *all.entry(day).or_default() += 1;
        }
        assert!(items.keys().all(|day| !counts.has(*day)) && counts.days.keys().all(|day| counts.has(*day)));
        let found: BTreeMap<Day, u64> = items.iter().chain(&counts.days).map(|(day, counted)| (*day, counted[&class])).collect();
        assert_eq!((found, counts.all[&class]), (all, 12));
        assert_eq!(counts, serde_json::from_str(&serde_json::to_string(&counts).unwrap()).unwrap());
    }

    #[test]
    fn a_day_that_lies_in_the_future_moves_nothing() {
        let class = Class::try_from("itr".to_owned()).unwrap();
        let mut counts = Counts::default();
        for day in [50, 90_000] {
            assert_eq!(counts.turn_to(day, 50), []);
            assert!(counts.change(day, class, 1));
        }
        assert!(counts.has(48) && !counts.has(47));
    }

    #[test]
    fn a_day_of_any_year_is_its_item_again() {
        let counted = Counted::from([(Class::try_from("ivd".to_owned()).unwrap(), 7)]);
        let days = [Timestamp::from_millis(i64::MIN), Timestamp::from_millis(-1), Timestamp::from_millis(0), Timestamp::MAX].map(day);
        assert!(days.map(day_sk).is_sorted());
        for day in days {
            assert_eq!(day_of(&day_item("D#d", day, &counted).unwrap()).unwrap(), (day, counted.clone()));
        }
    }
}
