//! Days and moments that a list is to lie between.

use std::time::Duration;

use domain::model::Timestamp;
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IntoDeserializer, value::StrDeserializer},
};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// The shortest time there is here.
const TICK: Duration = Duration::from_millis(1);

/// The first moment: that of a day (`2024-01-31`, in UTC), or the moment itself (`2024-01-31T10:00:00Z`).
#[derive(Debug, PartialEq, JsonSchema)]
#[schemars(inline, with = "String")]
pub struct Since(pub Timestamp);

/// The first moment after: that of the next day, or after the moment itself.
#[derive(Debug, PartialEq, JsonSchema)]
#[schemars(inline, with = "String")]
pub struct Until(pub Timestamp);

impl<'de> Deserialize<'de> for Since {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer).map(|(moment, _)| Self(moment))
    }
}

impl<'de> Deserialize<'de> for Until {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer).map(|(moment, length)| Self(moment + length))
    }
}

/// A moment, and how long what was written of it lasts.
fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(Timestamp, Duration), D::Error> {
    let text = String::deserialize(deserializer)?;
    let (written, length) = if text.len() == "2024-01-31".len() {
        (format!("{text}T00:00:00Z"), DAY)
    } else {
        // A plus sign that was not escaped came as a blank.
        (text.replacen(' ', "+", 1), TICK)
    };
    let moment: StrDeserializer<'_, serde::de::value::Error> = written.as_str().into_deserializer();
    let moment = Timestamp::deserialize(moment);
    moment.map(|moment| (moment, length)).map_err(|_| D::Error::custom("expected a date (2024-01-31) or a moment (2024-01-31T10:00:00Z)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> Option<String> {
        serde_json::from_value(text.into()).ok().map(|Since(moment)| moment.to_string())
    }

    fn to(text: &str) -> Option<String> {
        serde_json::from_value(text.into()).ok().map(|Until(moment)| moment.to_string())
    }

    #[test]
    fn a_date_is_a_whole_day_in_utc() {
        assert_eq!(from("2024-01-31").as_deref(), Some("2024-01-31T00:00:00.000Z"));
        assert_eq!(to("2024-01-31").as_deref(), Some("2024-02-01T00:00:00.000Z"));
        assert_eq!(to("2024-02-29").as_deref(), Some("2024-03-01T00:00:00.000Z"));
        assert_eq!(to("9999-12-31").as_deref(), Some("9999-12-31T23:59:59.999Z"));
    }

    #[test]
    fn a_moment_is_part_of_what_lies_up_to_it() {
        for text in ["2024-01-31T10:00:00Z", "2024-01-31T17:00:00+07:00", "2024-01-31T17:00:00 07:00", "2024-01-31T10:00:00.000Z"] {
            assert_eq!(from(text).as_deref(), Some("2024-01-31T10:00:00.000Z"), "{text}");
            assert_eq!(to(text).as_deref(), Some("2024-01-31T10:00:00.001Z"), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "2024-02-30", "2024-1-31", "31-01-2024", "2024-01-31T10:00:00", "yesterday", "2024-01-3é", "1704103200"] {
            assert_eq!((from(text), to(text)), (None, None), "{text}");
        }
    }
}
