//! How Gemini writes: `POST {base}/models/{model}:generateContent`.

use http::{HeaderMap, HeaderName};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{End, Endpoint, Error, Question, Request, Said, room};
use crate::conversation::Role;

const KEY: HeaderName = HeaderName::from_static("x-goog-api-key");

/// A model's name comes from a user: it leads nowhere else.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

pub(super) fn request(endpoint: &Endpoint, question: &Question) -> Request {
    let turns = question.prompt.turns.iter().map(|turn| {
        let role = match turn.role {
            Role::User => "user",
            Role::Assistant => "model",
        };
        json!({"role": role, "parts": [{"text": turn.text}]})
    });
    let body = json!({
        "systemInstruction": {"parts": [{"text": question.prompt.system}]},
        "contents": turns.collect::<Vec<Value>>(),
        "generationConfig": {"maxOutputTokens": room(question), "temperature": question.temperature},
    });
    let mut headers = HeaderMap::new();
    headers.extend(endpoint.credential("").map(|credential| (KEY, credential)));
    let model = utf8_percent_encode(&question.model, RESERVED);
    Request { url: format!("{}/models/{model}:generateContent", endpoint.base_url()), headers, body }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Generated {
    #[serde(default)]
    candidates: Vec<Candidate>,
    prompt_feedback: Option<Feedback>,
    usage_metadata: Option<Usage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    #[serde(default)]
    content: Content,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Content {
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
    #[serde(default)]
    thought: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    total_token_count: Option<u64>,
}

pub(super) fn read(body: &[u8]) -> Result<Said, Error> {
    let generated: Generated = serde_json::from_slice(body).map_err(|_| Error::InvalidAnswer { tokens: 0 })?;
    let tokens = generated.usage_metadata.and_then(|usage| usage.total_token_count);
    let is_blocked = generated.prompt_feedback.is_some_and(|feedback| feedback.block_reason.is_some());
    let Some(candidate) = generated.candidates.into_iter().next() else {
        return if is_blocked {
            Ok(Said { text: String::new(), end: End::Filter, tokens })
        } else {
            Err(Error::InvalidAnswer { tokens: tokens.unwrap_or(0) })
        };
    };
    let end = match candidate.finish_reason.as_deref() {
        None | Some("STOP") => End::Stop,
        Some("MAX_TOKENS") => End::Length,
        Some("SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "IMAGE_SAFETY") => End::Filter,
        // It broke off for a reason of its own.
        Some(_) => return Err(Error::InvalidAnswer { tokens: tokens.unwrap_or(0) }),
    };
    let parts = candidate.content.parts.into_iter().filter(|part| !part.thought);
    Ok(Said { text: parts.map(|part| part.text).collect(), end, tokens })
}
