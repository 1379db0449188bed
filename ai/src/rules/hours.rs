//! When a device answers: by the wall clock of its time zone, whatever daylight saving does to it.

use domain::model::{Timestamp, WorkingHours};
use jiff::{
    civil::{Time, Weekday},
    tz::TimeZone,
};

/// Whether there is a time zone of this IANA name.
pub fn is_time_zone(name: &str) -> bool {
    zone(name).is_some()
}

/// The time zone of this IANA name.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// Whether `now` lies in the hours. Those that end before they begin go over midnight and belong to the day they began; those that end when
/// they begin are the whole day. Hours that make no sense are never open.
pub fn are_open(hours: &WorkingHours, now: Timestamp) -> bool {
    !hours.enabled || within(hours, now).unwrap_or(false)
}

fn within(hours: &WorkingHours, now: Timestamp) -> Option<bool> {
    let local = jiff::Timestamp::from_millisecond(now.millis()).ok()?.to_zoned(zone(&hours.timezone)?);
    let (start, end) = (time(&hours.start)?, time(&hours.end)?);
    let (time, today) = (local.time(), local.weekday());
    let on = |day: Weekday| hours.days.iter().any(|name| name == english(day));
    Some(if start < end {
        on(today) && (start..end).contains(&time)
    } else if start == end {
        on(today)
    } else {
        (on(today) && time >= start) || (on(today.previous()) && time < end)
    })
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn english(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(timezone: &str, start: &str, end: &str, days: &[&str]) -> WorkingHours {
        WorkingHours {
            enabled: true,
            timezone: timezone.into(),
            start: start.into(),
            end: end.into(),
            days: days.iter().map(|day| (*day).into()).collect(),
        }
    }

    fn open(hours: &WorkingHours, moment: &str) -> bool {
        let moment: jiff::Timestamp = moment.parse().unwrap();
        are_open(hours, Timestamp::from_millis(moment.as_millisecond()))
    }

    #[test]
    fn hours_are_those_of_the_time_zone_and_end_before_their_end() {
        // 2024-01-01 was a Monday. Jakarta is 7 hours ahead.
        let office = hours("Asia/Jakarta", "09:00", "17:00", &["monday"]);
        for (moment, is_open) in [
            ("2024-01-01T01:59:59.999Z", false),
            ("2024-01-01T02:00:00Z", true),
            ("2024-01-01T09:59:59.999Z", true),
            ("2024-01-01T10:00:00Z", false),
            ("2024-01-02T02:00:00Z", false),
        ] {
            assert_eq!(open(&office, moment), is_open, "{moment}");
        }
        assert!(open(&WorkingHours { enabled: false, ..office }, "2024-01-02T02:00:00Z"));
    }

    #[test]
    fn hours_over_midnight_belong_to_the_day_they_began() {
        let night = hours("UTC", "22:00", "06:00", &["friday"]);
        for (moment, is_open) in [
            ("2024-01-05T05:00:00Z", false), // the end of Thursday's night
            ("2024-01-05T21:59:00Z", false),
            ("2024-01-05T22:00:00Z", true),
            ("2024-01-06T00:00:00Z", true),
            ("2024-01-06T05:59:59Z", true),
            ("2024-01-06T06:00:00Z", false),
            ("2024-01-06T22:00:00Z", false),
        ] {
            assert_eq!(open(&night, moment), is_open, "{moment}");
        }
        let sunday = hours("UTC", "22:00", "06:00", &["sunday"]);
        assert!(open(&sunday, "2024-01-08T05:00:00Z"), "a week's end is followed by a Monday");
    }

    #[test]
    fn the_wall_clock_counts_when_daylight_saving_begins_and_ends() {
        // Berlin: on 2024-03-31 02:00 became 03:00, on 2024-10-27 03:00 became 02:00.
        let early = hours("Europe/Berlin", "01:30", "03:30", &["sunday"]);
        for (moment, is_open) in [
            ("2024-03-31T00:29:59Z", false), // 01:29:59
            ("2024-03-31T00:30:00Z", true),  // 01:30
            ("2024-03-31T01:29:59Z", true),  // 03:29:59
            ("2024-03-31T01:30:00Z", false), // 03:30
            ("2024-10-26T23:29:59Z", false), // 01:29:59
            ("2024-10-26T23:30:00Z", true),  // 01:30
            ("2024-10-27T01:30:00Z", true),  // 02:30, for the second time
            ("2024-10-27T02:29:59Z", true),  // 03:29:59
            ("2024-10-27T02:30:00Z", false), // 03:30
        ] {
            assert_eq!(open(&early, moment), is_open, "{moment}");
        }
        // Hours that begin within the hour that is skipped begin when it is over.
        let skipped = hours("Europe/Berlin", "02:15", "04:00", &["sunday"]);
        assert!(!open(&skipped, "2024-03-31T00:59:59Z") && open(&skipped, "2024-03-31T01:00:00Z"));
        // The same wall clock, summer and winter.
        let office = hours("America/New_York", "09:00", "17:00", &["monday"]);
        assert!(open(&office, "2024-07-01T13:00:00Z") && !open(&office, "2024-07-01T12:59:00Z"));
        assert!(open(&office, "2024-01-01T14:00:00Z") && !open(&office, "2024-01-01T13:59:00Z"));
    }

    #[test]
    fn a_night_over_a_change_of_the_clocks_is_one_night() {
        let night = hours("Europe/Berlin", "22:00", "06:00", &["saturday"]);
        assert!(open(&night, "2024-03-30T21:00:00Z") && open(&night, "2024-03-31T03:59:59Z") && !open(&night, "2024-03-31T04:00:00Z"));
        assert!(open(&night, "2024-10-26T20:00:00Z") && open(&night, "2024-10-27T04:59:59Z") && !open(&night, "2024-10-27T05:00:00Z"));
    }

    #[test]
    fn hours_that_end_when_they_begin_are_the_whole_day() {
        let whole = hours("UTC", "00:00", "00:00", &["monday"]);
        assert!(open(&whole, "2024-01-01T00:00:00Z") && open(&whole, "2024-01-01T23:59:59Z") && !open(&whole, "2024-01-02T00:00:00Z"));
    }

    #[test]
    fn hours_that_make_no_sense_are_never_open() {
        for nonsense in [
            hours("Mars/Olympus", "00:00", "23:59", &["monday"]),
            hours("UTC", "0", "23:59", &["monday"]),
            hours("UTC", "00:00", "24:00", &["monday"]),
            hours("UTC", "00:00", "23:59", &[]),
        ] {
            assert!(!open(&nonsense, "2024-01-01T12:00:00Z"), "{nonsense:?}");
        }
        assert!(is_time_zone("Asia/Jakarta") && is_time_zone("UTC") && !is_time_zone("Mars/Olympus") && !is_time_zone(""));
    }
}
