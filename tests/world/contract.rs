//! What the contract says of an answer, by the examples and schemas that stand in it.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// Fails unless the answer has every field of the contract's example, each of the same type and form. It may have more.
/// A `null` of the example may be anything.
pub fn assert_like(answer: &Value, example: &str) {
    let example: Value = serde_json::from_str(example).expect("the example is JSON");
    let mut problems = Vec::new();
    like(&mut problems, "", answer, &example);
    assert!(problems.is_empty(), "{problems:#?}\nin {answer:#}");
}

/// Fails unless the answer has every field of the contract's schema, each of a type the schema names: `"string|null"`.
pub fn assert_schema(answer: &Value, schema: &str) {
    let schema: Value = serde_json::from_str(schema).expect("the schema is JSON");
    let mut problems = Vec::new();
    fits(&mut problems, "", answer, &schema);
    assert!(problems.is_empty(), "{problems:#?}\nin {answer:#}");
}

/// A moment as all answers write it: UTC with milliseconds.
pub fn moment(value: &Value) -> DateTime<Utc> {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no moment"));
    let moment = DateTime::parse_from_rfc3339(text).unwrap_or_else(|_| panic!("{text} is no moment"));
    assert!(text.len() == "2024-01-01T10:00:00.000Z".len() && text.ends_with('Z'), "{text} is not in UTC with milliseconds");
    moment.to_utc()
}

fn like(problems: &mut Vec<String>, path: &str, answer: &Value, example: &Value) {
    match (example, answer) {
        (Value::Null, _) | (Value::Bool(_), Value::Bool(_)) | (Value::Number(_), Value::Number(_)) => {}
        (Value::Object(example), Value::Object(answer)) => {
            for (name, example) in example {
                let path = format!("{path}.{name}");
                match answer.get(name) {
                    Some(answer) => like(problems, &path, answer, example),
                    None => problems.push(format!("{path} is missing")),
                }
            }
        }
        (Value::Array(example), Value::Array(answer)) => {
            let Some(example) = example.first() else { return };
            if answer.is_empty() {
                problems.push(format!("{path} is empty"));
            }
            for (index, answer) in answer.iter().enumerate() {
                like(problems, &format!("{path}[{index}]"), answer, example);
            }
        }
        (Value::String(example), Value::String(answer)) => {
            if form(example).is_some_and(|wanted| form(answer) != Some(wanted)) {
                problems.push(format!("{path} is {answer:?}, not of the form {example:?}"));
            }
        }
        _ => problems.push(format!("{path} is {answer}, the contract has {example}")),
    }
}

fn fits(problems: &mut Vec<String>, path: &str, answer: &Value, schema: &Value) {
    match (schema, answer) {
        (Value::Object(schema), Value::Object(answer)) => {
            for (name, schema) in schema {
                let path = format!("{path}.{name}");
                match answer.get(name) {
                    Some(answer) => fits(problems, &path, answer, schema),
                    None => problems.push(format!("{path} is missing")),
                }
            }
        }
        (Value::Array(schema), Value::Array(answer)) => {
            for (index, answer) in answer.iter().enumerate() {
                fits(problems, &format!("{path}[{index}]"), answer, &schema[0]);
            }
        }
        (Value::String(types), answer) if types.split('|').any(|name| is(answer, name)) => {}
        _ => problems.push(format!("{path} is {answer}, the contract says {schema}")),
    }
}

/// Whether the value is what the schema's word says: a type, the name of another schema, or the value itself.
fn is(value: &Value, word: &str) -> bool {
    match word {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        "string (ISO 8601)" => value.as_str().and_then(form) == Some("moment"),
        "string (HH:MM)" => value.as_str().is_some_and(|text| text.len() == 5 && text.as_bytes()[2] == b':'),
        name if name.starts_with(char::is_uppercase) => value.is_object(),
        literal => value == literal,
    }
}

/// The forms that texts have in the contract's examples.
fn form(text: &str) -> Option<&'static str> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() >= 20 && text.ends_with('Z') && DateTime::parse_from_rfc3339(text).is_ok() {
        Some("moment")
    } else if text.strip_prefix('+').is_some_and(digits) {
        Some("phone number")
    } else if text.strip_suffix("@s.whatsapp.net").is_some_and(digits) {
        Some("address")
    } else if text.starts_with("data:image/png;base64,") {
        Some("picture")
    } else if text.split_once("h ").is_some_and(|(hours, rest)| digits(hours) && rest.strip_suffix('m').is_some_and(digits)) {
        Some("span")
    } else if text.starts_with("ws://") {
        Some("socket")
    } else {
        None
    }
}
