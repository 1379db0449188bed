//! AI settings as users write them.

use domain::model::{AiSettings, AutoResponse, WorkingHours};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};

use crate::fields::{List, Number, Object, Text};

/// What is to change of a device's AI settings.
#[derive(Clone, Debug, Default, JsonSchema, Deserialize)]
#[schemars(rename = "AiSettingsInput")]
#[serde(rename_all = "camelCase")]
pub struct AiInput {
    enabled: Option<bool>,
    auto_reply: Option<bool>,
    bot_name: Option<Text<1, 100>>,
    language: Option<Text<2, 35>>,
    max_tokens: Option<Number<1, 100_000>>,
    temperature: Option<Temperature>,
    model: Option<Text<1, 100>>,
    system_prompt: Option<Text<0, 20_000>>,
    trigger_keywords: Option<List<Text<1, 100>, 100>>,
    exclude_groups: Option<bool>,
    #[serde(default)]
    working_hours: Object<HoursInput>,
    auto_responses: Option<List<ResponseInput, 100>>,
    daily_token_limit: Option<Number<0, 1_000_000_000>>,
}

#[derive(Clone, Debug, Default, JsonSchema, Deserialize)]
#[schemars(rename = "WorkingHoursInput")]
#[serde(rename_all = "camelCase")]
struct HoursInput {
    enabled: Option<bool>,
    timezone: Option<Timezone>,
    start: Option<TimeOfDay>,
    end: Option<TimeOfDay>,
    days: Option<List<Day, 7>>,
}

#[derive(Clone, Debug, JsonSchema, Deserialize)]
#[schemars(rename = "AutoResponseInput")]
struct ResponseInput {
    trigger: Text<1, 100>,
    response: Text<1, 4096>,
}

impl AiInput {
    /// The settings that follow from the present ones.
    pub fn over(self, present: AiSettings) -> AiSettings {
        let Object(hours) = self.working_hours;
        AiSettings {
            enabled: self.enabled.unwrap_or(present.enabled),
            auto_reply: self.auto_reply.unwrap_or(present.auto_reply),
            bot_name: text(self.bot_name, present.bot_name),
            language: text(self.language, present.language),
            max_tokens: self.max_tokens.map_or(present.max_tokens, |Number(number)| number),
            temperature: self.temperature.map_or(present.temperature, |Temperature(temperature)| temperature),
            model: text(self.model, present.model),
            system_prompt: text(self.system_prompt, present.system_prompt),
            trigger_keywords: list(self.trigger_keywords, present.trigger_keywords, |Text(word)| word),
            exclude_groups: self.exclude_groups.unwrap_or(present.exclude_groups),
            working_hours: hours.over(present.working_hours),
            auto_responses: list(self.auto_responses, present.auto_responses, |answer| AutoResponse {
                trigger: answer.trigger.0,
                response: answer.response.0,
            }),
            daily_token_limit: self.daily_token_limit.map_or(present.daily_token_limit, |Number(number)| number),
        }
    }
}

impl HoursInput {
    fn over(self, present: WorkingHours) -> WorkingHours {
        WorkingHours {
            enabled: self.enabled.unwrap_or(present.enabled),
            timezone: self.timezone.map_or(present.timezone, |Timezone(name)| name),
            start: self.start.map_or(present.start, |TimeOfDay(time)| time),
            end: self.end.map_or(present.end, |TimeOfDay(time)| time),
            days: list(self.days, present.days, |Day(day)| day),
        }
    }
}

fn text<const MIN: usize, const MAX: usize>(given: Option<Text<MIN, MAX>>, present: String) -> String {
    given.map_or(present, |Text(text)| text)
}

fn list<T, U, const MAX: usize>(given: Option<List<T, MAX>>, present: Vec<U>, convert: impl Fn(T) -> U) -> Vec<U> {
    given.map_or(present, |List(items)| items.into_iter().map(convert).collect())
}

/// 0 to 2.
#[derive(Clone, Copy, Debug, JsonSchema)]
#[schemars(inline, extend("minimum" = 0, "maximum" = 2))]
struct Temperature(f64);

impl<'de> Deserialize<'de> for Temperature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        if (0.0..=2.0).contains(&number) { Ok(Self(number)) } else { Err(D::Error::custom("expected a number from 0 to 2")) }
    }
}

/// `HH:MM`.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(inline, extend("pattern" = "^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
struct TimeOfDay(String);

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let part =
            |text: &str, max: u8| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()) && text.parse().is_ok_and(|n: u8| n <= max);
        match text.split_once(':') {
            Some((hours, minutes)) if part(hours, 23) && part(minutes, 59) => Ok(Self(text)),
            _ => Err(D::Error::custom("expected a time of day as HH:MM")),
        }
    }
}

/// An IANA name.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(inline)]
struct Timezone(String);

impl<'de> Deserialize<'de> for Timezone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if ai::is_time_zone(&name) { Ok(Self(name)) } else { Err(D::Error::custom("expected a time zone such as Asia/Jakarta")) }
    }
}

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// An English name of a day, in lower case.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(inline, extend("enum" = DAYS))]
struct Day(String);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if DAYS.contains(&text.as_str()) { Ok(Self(text)) } else { Err(D::Error::custom("expected a day such as monday")) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_out_stays_as_it_is() {
        let input: AiInput = serde_json::from_value(json!({
            "enabled": true, "botName": "Support Bot", "maxTokens": 1000, "temperature": 1, "workingHours": {"start": "08:00"},
            "autoResponses": [{"trigger": "hello", "response": "Halo!"}],
        }))
        .unwrap();
        let expected = AiSettings {
            enabled: true,
            bot_name: "Support Bot".into(),
            max_tokens: 1000,
            temperature: 1.0,
            working_hours: WorkingHours { start: "08:00".into(), ..WorkingHours::default() },
            auto_responses: vec![AutoResponse { trigger: "hello".into(), response: "Halo!".into() }],
            ..AiSettings::default()
        };
        assert_eq!(input.over(AiSettings::default()), expected);
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for input in [
            json!({"temperature": 2.1}),
            json!({"temperature": "0.5"}),
            json!({"maxTokens": 0}),
            json!({"workingHours": {"start": "24:00"}}),
            json!({"workingHours": {"end": "9:00"}}),
            json!({"workingHours": {"end": "+9:00"}}),
            json!({"workingHours": {"days": ["Someday"]}}),
            json!({"workingHours": {"timezone": "Jakarta"}}),
            json!({"autoResponses": [{"trigger": "x"}]}),
        ] {
            assert!(serde_json::from_value::<AiInput>(input.clone()).is_err(), "{input}");
        }
    }
}
