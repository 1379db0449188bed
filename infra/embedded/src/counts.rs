//! How many messages there are of each day, so that a total is a sum over days and never over messages. Fresh messages are not among them.

use std::collections::BTreeMap;

use domain::model::UserId;
use rusqlite::Connection;

use crate::{
    error::StoreError,
    rows::{self, integer},
    sorts::{Class, Counted},
};

const DAY_MS: i64 = 24 * 3_600_000;

/// Whose messages are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    All,
    /// A user's, by their id.
    User(i64),
    /// A device's, by its row.
    Device(i64),
}

impl Scope {
    fn key(self) -> i64 {
        match self {
            Self::All => 0,
            Self::User(user) => -1 - user,
            Self::Device(device) => device,
        }
    }
}

/// A device's row and its user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner {
    pub device: i64,
    pub user: i64,
}

/// What changes of the counts.
#[derive(Debug, Default)]
pub(crate) struct Counts(BTreeMap<(i64, i64, Class), i64>);

impl Counts {
    pub fn add(&mut self, owner: Owner, timestamp: i64, class: Class) {
        self.change(owner, timestamp, class, 1);
    }

    pub fn remove(&mut self, owner: Owner, timestamp: i64, class: Class) {
        self.change(owner, timestamp, class, -1);
    }

    fn change(&mut self, owner: Owner, timestamp: i64, class: Class, by: i64) {
        for scope in [Scope::All, Scope::User(owner.user), Scope::Device(owner.device)] {
            *self.0.entry((scope.key(), timestamp.div_euclid(DAY_MS), class)).or_default() += by;
        }
    }

    /// Writes what has changed.
    pub fn write(self, connection: &Connection) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO message_counts (scope, day, sort, status, count) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (scope, day, sort, status) DO UPDATE SET count = count + excluded.count";
        for ((scope, day, class), by) in self.0.into_iter().filter(|(_, by)| *by != 0) {
            rows::run(connection, SQL, (scope, day, class.sort, class.status, by))?;
        }
        Ok(())
    }
}

/// Forgets a device whose messages are gone.
pub(crate) fn forget(connection: &Connection, device: i64) -> Result<(), StoreError> {
    rows::run(connection, "DELETE FROM message_counts WHERE scope = ?1", [Scope::Device(device).key()]).map(drop)
}

/// A span of time, its end not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub since: i64,
    pub until: i64,
}

impl Span {
    /// The whole days in it, and the parts of days before and after them.
    fn split(self) -> (Span, [Span; 2]) {
        let first = self.since.div_euclid(DAY_MS) + i64::from(self.since.rem_euclid(DAY_MS) > 0);
        let last = self.until.div_euclid(DAY_MS).max(first - 1);
        let days = Span { since: first, until: last };
        if last < first {
            return (days, [self, Span { since: 0, until: 0 }]);
        }
        (days, [Span { since: self.since, until: first * DAY_MS }, Span { since: last * DAY_MS, until: self.until }])
    }
}

/// How many messages of each class there are in a span, of the classes `wanted` says; `part` counts those of a class in a part of one day.
pub(crate) fn count(
    connection: &Connection,
    scope: Scope,
    span: Span,
    wanted: impl Fn(Class) -> bool,
    part: impl Fn(Class, Span) -> Result<u64, StoreError>,
) -> Result<Counted, StoreError> {
    let (days, parts) = span.split();
    let mut counts: BTreeMap<Class, u64> = of_days(connection, scope, days)?.into_iter().filter(|(class, _)| wanted(*class)).collect();
    for span in parts.into_iter().filter(|part| part.since < part.until) {
        let day = span.since.div_euclid(DAY_MS);
        for (class, _) in of_days(connection, scope, Span { since: day, until: day + 1 })? {
            if wanted(class) {
                *counts.entry(class).or_default() += part(class, span)?;
            }
        }
    }
    Ok(counts.into_iter().filter(|(_, count)| *count > 0).collect())
}

fn of_days(connection: &Connection, scope: Scope, days: Span) -> Result<Counted, StoreError> {
    const SQL: &str = "SELECT sort, status, sum(count) AS n FROM message_counts WHERE scope = ?1 AND day >= ?2 AND day < ?3
        GROUP BY sort, status HAVING n > 0";
    rows::all(connection, SQL, (scope.key(), days.since, days.until), |row| {
        Ok((Class { sort: row.get(0)?, status: row.get(1)? }, rows::count(row, 2)?))
    })
}

/// A user's id as it is stored.
pub(crate) fn user(id: UserId) -> i64 {
    integer(id.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_its_whole_days_and_what_is_left_at_its_ends() {
        let d = DAY_MS;
        for (since, until, days, parts) in [
            (0, d, (0, 1), [0, 0]),
            (-d, 3 * d, (-1, 3), [0, 0]),
            (1, 3 * d, (1, 3), [d - 1, 0]),
            (-5, d + 7, (0, 1), [5, 7]),
            (1, d, (1, 1), [d - 1, 0]),
            (d + 1, d + 3, (2, 1), [2, 0]),
            (d - 1, d + 1, (1, 1), [1, 1]),
            (5, 5, (1, 0), [0, 0]),
            (9 * d, d, (9, 8), [-8 * d, 0]),
        ] {
            let (found, ends) = Span { since, until }.split();
            assert_eq!((found.since, found.until, ends.map(|end| end.until - end.since)), (days.0, days.1, parts), "{since}..{until}");
        }
    }
}
