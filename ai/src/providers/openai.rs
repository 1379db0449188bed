//! How OpenAI writes, and everybody who speaks like it: `POST {base}/chat/completions`.

use http::{HeaderMap, header::AUTHORIZATION};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{End, Endpoint, Error, Question, Request, Said, is_gemini, room, thinks};
use crate::conversation::Role;

pub(super) fn request(endpoint: &Endpoint, question: &Question) -> Request {
    let system = json!({"role": "system", "content": question.prompt.system});
    let turns = question.prompt.turns.iter().map(|turn| {
        let role = match turn.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        json!({"role": role, "content": turn.text})
    });
    let messages: Vec<Value> = std::iter::once(system).chain(turns).collect();
    let mut body = json!({"model": question.model, "messages": messages});
    if thinks(&question.model) && !is_gemini(&question.model) {
        // These refuse `max_tokens`, and any temperature but their own.
        body["max_completion_tokens"] = room(question).into();
    } else {
        body["max_tokens"] = room(question).into();
        body["temperature"] = question.temperature.into();
    }
    let mut headers = HeaderMap::new();
    headers.extend(endpoint.credential("Bearer ").map(|credential| (AUTHORIZATION, credential)));
    Request { url: format!("{}/chat/completions", endpoint.base_url()), headers, body }
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    total_tokens: u64,
}

pub(super) fn read(body: &[u8]) -> Result<Said, Error> {
    let invalid = Error::InvalidAnswer { tokens: 0 };
    let completion: Completion = serde_json::from_slice(body).map_err(|_| invalid)?;
    let choice = completion.choices.into_iter().next().ok_or(invalid)?;
    let end = match choice.finish_reason.as_deref() {
        Some("length") => End::Length,
        Some("content_filter") => End::Filter,
        _ if choice.message.refusal.is_some() => End::Filter,
        _ => End::Stop,
    };
    let text = choice.message.content.unwrap_or_default();
    Ok(Said { text, end, tokens: completion.usage.map(|usage| usage.total_tokens) })
}
