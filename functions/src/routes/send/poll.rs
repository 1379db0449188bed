//! `POST /send/poll`: a question with answers to choose from.

use std::{collections::HashSet, sync::Arc};

use axum::extract::State;
use domain::{
    model::{Attachment, MessageType, Poll},
    pipeline::Draft,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};

use crate::{
    api::Api,
    error::ApiError,
    extract::Json,
    fields::{Number, Text},
    openapi::Operation,
    sending::{self, Answer, Options, Quote, Sent, Terms, recipient, without_options},
};
use serde_json::json;

/// As many as WhatsApp shows.
const OPTIONS: std::ops::RangeInclusive<usize> = 2..=12;

/// `options` are the poll's own: what others say there stands beside them.
#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "SendPoll")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    session_id: Option<String>,
    recipient: String,
    #[schemars(extend("pattern" = r"\S"))]
    question: Text<1, 255>,
    options: Choices,
    /// How many may be chosen; 0 for any number, 1 unless told otherwise.
    selectable_count: Option<Number<0, 12>>,
    #[serde(default)]
    quoted: Quote,
    delay: Option<Number<0, 3_600_000>>,
}

pub fn doc() -> Operation {
    let operation = Operation::new("sendPoll", "Messaging", "Send a poll").sends().takes::<Request>(json!({
        "sessionId": "user_123_device_my_device",
        "recipient": "1234567890@s.whatsapp.net",
        "question": "When shall we deliver?",
        "options": ["Morning", "Afternoon"],
        "selectableCount": 1,
    }));
    Sent::doc(operation, "poll")
}

pub async fn handle(State(api): State<Arc<Api>>, terms: Terms, Json(request): Json<Request>) -> Result<Answer<Sent>, ApiError> {
    let Request { question: Text(question), options: Choices(choices), .. } = request;
    if question.trim().is_empty() {
        return Err(ApiError::invalid("question", "expected more than blanks"));
    }
    let selectable = request.selectable_count.map_or(1, |Number(count)| count);
    if selectable as usize > choices.len() {
        return Err(ApiError::invalid("selectableCount", "more than there are options"));
    }
    let draft = Draft {
        attachment: Some(Attachment::Poll(Poll { options: choices, selectable })),
        ..Draft::new(recipient(&request.recipient)?, MessageType::Poll, question)
    };
    let options = Options { quoted: request.quoted, delay: request.delay, ..Options::default() };
    sending::send(&api, terms, request.session_id.as_deref(), draft, options).await.map_err(without_options)
}

/// Different answers to choose from.
#[derive(JsonSchema)]
#[schemars(inline, with = "Vec<Text<1, 100>>", extend("minItems" = OPTIONS.start(), "maxItems" = OPTIONS.end()))]
struct Choices(Vec<String>);

impl<'de> Deserialize<'de> for Choices {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let choices: Vec<Text<1, 100>> = Vec::deserialize(deserializer)?;
        if !OPTIONS.contains(&choices.len()) {
            return Err(D::Error::custom("expected 2 to 12 options"));
        }
        let choices: Vec<_> = choices.into_iter().map(|Text(choice)| choice).collect();
        let different: HashSet<_> = choices.iter().map(|choice| choice.trim()).collect();
        if different.contains("") {
            return Err(D::Error::custom("expected more than blanks"));
        }
        if different.len() < choices.len() {
            return Err(D::Error::custom("expected options that differ"));
        }
        Ok(Self(choices))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poll_has_2_to_12_different_answers() {
        let read = |choices: &[&str]| serde_json::from_value::<Choices>(serde_json::json!(choices)).is_ok();
        assert!(read(&["ya", "tidak"]));
        let letters: Vec<_> = "abcdefghijklm".split("").filter(|letter| !letter.is_empty()).collect();
        assert!(read(&letters[..12]) && !read(&letters));
        assert!(!read(&["ya"]) && !read(&["ya", "ya "]) && !read(&["ya", ""]) && !read(&["ya", " "]));
    }
}
