//! One client for all providers of language models: asks, tries again within bounds, and answers a whole answer or none.

mod config;
mod error;
mod gemini;
mod openai;

use std::time::Duration;

use domain::pipeline::Backoff;
use fetch::{FetchError, Limits, Poster};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use serde_json::Value;
use tokio::time::{Instant, sleep};

pub use self::{
    config::{Config, Endpoint, InvalidEndpoint, Timing},
    error::Error,
};
use crate::conversation::{Prompt, tokens};

/// More than any answer has.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// How often a request is tried again that failed for a reason that may pass.
const RETRIES: u32 = 2;

/// A provider that wants to be left alone for longer is left alone.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// What models that think before they answer may use up for that: it counts against the limit of the answer.
const THOUGHTS: u32 = 4_096;

/// What a model is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Its name at its provider.
    pub model: String,
    /// What it is told.
    pub prompt: Prompt,
    /// Longest answer, in tokens.
    pub max_tokens: u32,
    /// 0 to 2.
    pub temperature: f64,
}

/// What a model answered, in whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Not empty.
    pub text: String,
    /// What it cost, the question included.
    pub tokens: u64,
}

/// The providers there are. Clones share their connections.
#[derive(Clone)]
pub struct Providers {
    poster: Poster,
    config: Config,
}

/// What a provider is sent.
struct Request {
    url: String,
    headers: HeaderMap,
    body: Value,
}

/// A provider's way to write.
#[derive(Clone, Copy)]
enum Wire {
    OpenAi,
    Gemini,
}

/// A try that failed.
struct Failure {
    error: Error,
    /// Whether, and how soon at the earliest, another try may succeed.
    again: Option<Duration>,
}

impl Providers {
    /// Reaches the operator's providers through `poster`, which has to be allowed to.
    pub fn new(poster: Poster, config: Config) -> Self {
        Self { poster, config }
    }

    /// Asks the model's provider. Fails with what the last try failed with.
    pub async fn ask(&self, question: &Question) -> Result<Answer, Error> {
        let (wire, request) = self.request(question)?;
        let Timing { attempt, deadline, backoff } = self.config.timing;
        let deadline = Instant::now() + deadline;
        let mut failures = 0;
        loop {
            let limits = Limits { max_bytes: MAX_BYTES, timeout: attempt.min(deadline - Instant::now()) };
            let Failure { error, again } = match self.attempt(wire, &request, limits, question).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            failures += 1;
            let Some(wait) = again.map(|again| again.max(backoff.after(failures))) else { return Err(error) };
            if failures > RETRIES || wait > LONGEST_WAIT || Instant::now() + wait >= deadline {
                return Err(error);
            }
            tracing::info!(%error, failures, "a model is asked again");
            sleep(wait).await;
        }
    }

    fn request(&self, question: &Question) -> Result<(Wire, Request), Error> {
        let Config { openai, gemini, .. } = &self.config;
        let (wire, endpoint) = match gemini {
            _ if !is_gemini(&question.model) => (Wire::OpenAi, openai),
            Some(endpoint) if endpoint.base_url().ends_with("/openai") => (Wire::OpenAi, gemini),
            _ => (Wire::Gemini, gemini),
        };
        let endpoint = endpoint.as_ref().ok_or(Error::NotConfigured)?;
        let request = match wire {
            Wire::OpenAi => openai::request(endpoint, question),
            Wire::Gemini => gemini::request(endpoint, question),
        };
        Ok((wire, request))
    }

    async fn attempt(&self, wire: Wire, request: &Request, limits: Limits, question: &Question) -> Result<Answer, Failure> {
        let mut headers = request.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let answer = self.poster.ask(&request.url, headers, request.body.to_string(), limits).await.map_err(Failure::of_fetch)?;
        if !answer.status.is_success() {
            return Err(Failure::of_status(answer.status, &answer.headers));
        }
        let read = match wire {
            Wire::OpenAi => openai::read(&answer.body),
            Wire::Gemini => gemini::read(&answer.body),
        };
        read.and_then(|said| said.whole(question)).map_err(|error| Failure { error, again: None })
    }
}

impl Failure {
    fn of_fetch(error: FetchError) -> Self {
        let (error, may_pass) = match error {
            FetchError::TimedOut => (Error::Timeout, true),
            FetchError::Unreachable(_) => (Error::Unreachable, true),
            FetchError::Refused | FetchError::InvalidUrl | FetchError::Status(_) => (Error::Unreachable, false),
            FetchError::TooLarge => (Error::InvalidAnswer { tokens: 0 }, false),
        };
        Self { error, again: may_pass.then_some(Duration::ZERO) }
    }

    fn of_status(status: StatusCode, headers: &HeaderMap) -> Self {
        let error = if status == StatusCode::TOO_MANY_REQUESTS { Error::RateLimited } else { Error::Refused(status.as_u16()) };
        let may_pass = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
        let retry_after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        Self { error, again: may_pass.then(|| Duration::from_secs(retry_after.unwrap_or(0))) }
    }
}

/// What a provider said, whichever its way to write.
struct Said {
    text: String,
    end: End,
    /// What it cost, if the provider tells.
    tokens: Option<u64>,
}

/// Why a model stopped.
enum End {
    /// It had said all.
    Stop,
    /// It had no more room.
    Length,
    /// What it was asked, or was about to say, is not wanted.
    Filter,
}

impl Said {
    /// Nobody gets a half answer.
    fn whole(self, question: &Question) -> Result<Answer, Error> {
        let text = self.text.trim();
        let tokens = self.tokens.unwrap_or_else(|| estimate(&question.prompt, text));
        match self.end {
            End::Length => Err(Error::CutOff { tokens }),
            End::Filter => Err(Error::Filtered { tokens }),
            End::Stop if text.is_empty() => Err(Error::InvalidAnswer { tokens }),
            End::Stop => Ok(Answer { text: text.to_owned(), tokens }),
        }
    }
}

fn estimate(prompt: &Prompt, answer: &str) -> u64 {
    let texts = prompt.turns.iter().map(|turn| turn.text.as_str()).chain([prompt.system.as_str(), answer]);
    texts.map(|text| tokens(text) as u64).sum()
}

fn is_gemini(model: &str) -> bool {
    model.starts_with("gemini-")
}

/// Whether a model thinks before it answers.
fn thinks(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    let of_o_series = name.strip_prefix('o').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    of_o_series || name.starts_with("gpt-5") || is_gemini(name) && !["gemini-1", "gemini-2.0"].iter().any(|old| name.starts_with(old))
}

/// The limit that is told to the provider, so that the answer has room.
fn room(question: &Question) -> u32 {
    question.max_tokens.saturating_add(if thinks(&question.model) { THOUGHTS } else { 0 })
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(45),
            deadline: Duration::from_secs(60),
            backoff: Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(8) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::thinks;

    #[test]
    fn models_that_think_are_known_by_their_names() {
        for model in ["o1", "o3-mini", "openai/o4-mini", "gpt-5", "gpt-5-nano", "gemini-2.5-flash", "gemini-3-pro"] {
            assert!(thinks(model), "{model}");
        }
        for model in ["gpt-3.5-turbo", "gpt-4", "gpt-4o", "gemini-1.5-pro", "gemini-2.0-flash", "ollama", "o", "openhermes", "llama3"] {
            assert!(!thinks(model), "{model}");
        }
    }
}
