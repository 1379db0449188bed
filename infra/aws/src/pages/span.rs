//! Spans of time, and the days in them.

use domain::model::{MessageFilter, Timestamp};

use crate::{
    counts::{DAY_MS, Day},
    layout,
};

/// A span of time in milliseconds, its end not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub since: i64,
    pub until: i64,
}

impl Span {
    /// All there is.
    fn endless() -> Self {
        Self { since: Timestamp::from_millis(i64::MIN).millis(), until: Timestamp::MAX.millis() + 1 }
    }

    /// What the filter wants.
    pub fn of(filter: &MessageFilter) -> Self {
        let endless = Self::endless();
        let since = filter.since.map_or(endless.since, Timestamp::millis);
        Self { since, until: filter.until.map_or(endless.until, Timestamp::millis) }
    }

    pub fn is_endless(self) -> bool {
        self == Self::endless()
    }

    pub fn is_empty(self) -> bool {
        self.until <= self.since
    }

    /// The first and the last day it has something of.
    pub fn days(self) -> (Day, Day) {
        (self.since.div_euclid(DAY_MS), (self.until - 1).div_euclid(DAY_MS))
    }

    /// What it has of a day, and whether that is all of it.
    pub fn part(self, day: Day) -> (Self, bool) {
        let whole = Self { since: day * DAY_MS, until: (day + 1) * DAY_MS };
        let part = Self { since: whole.since.max(self.since), until: whole.until.min(self.until) };
        (part, part == whole)
    }

    /// What sorts before all places in it, and what sorts behind them.
    pub fn places(self) -> (String, String) {
        let place = |millis: i64| layout::number(millis.abs_diff(Self::endless().since));
        (place(self.since), place(self.until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const D: i64 = DAY_MS;

    #[test]
    fn a_span_is_its_whole_days_and_parts_at_its_ends() {
        for (since, until, days, parts) in [
            (0, D, (0, 0), vec![(D, true)]),
            (-1, 2 * D + 7, (-1, 2), vec![(1, false), (D, true), (D, true), (7, false)]),
            (3, 5, (0, 0), vec![(2, false)]),
            (D - 1, D + 1, (0, 1), vec![(1, false), (1, false)]),
        ] {
            let span = Span { since, until };
            assert_eq!(span.days(), days);
            let found: Vec<_> = (days.0..=days.1).map(|day| span.part(day)).map(|(part, whole)| (part.until - part.since, whole)).collect();
            assert_eq!(found, parts, "{since}..{until}");
        }
    }

    #[test]
    fn all_moments_lie_in_the_endless_span() {
        let (first, last) = Span::of(&MessageFilter::default()).places();
        for millis in [i64::MIN, -1, 0, i64::MAX] {
            let place = format!("{}#", layout::time(Timestamp::from_millis(millis)));
            assert!(first < place && place < last);
        }
        assert!(Span::of(&MessageFilter::default()).is_endless());
    }
}
