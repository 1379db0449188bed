//! A provider of language models on loopback that speaks OpenAI's and Gemini's wire format, remembers what it was asked and answers as it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

/// How it answers.
#[derive(Clone, Debug)]
pub enum Saying {
    /// "You said: " and what was said last.
    Echo,
    /// This.
    Text(&'static str),
    /// The beginning of something: the limit was reached.
    CutOff,
    /// That it does not want to.
    Filtered,
    /// Something that is no answer.
    Garbage,
    /// This status, and how many seconds to wait.
    Status(u16, Option<u32>),
    /// Nothing, for a minute.
    #[allow(dead_code, reason = "said in the tests of crate ai")]
    Silence,
}

/// What it was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The path it was asked at.
    pub path: String,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Asked {
    /// All it was told of the conversation, a turn each: whether it is the bot's, and its text.
    pub fn turns(&self) -> Vec<(bool, String)> {
        let of = |turn: &Value, bot: &str, text: &Value| (turn["role"] == bot, text.as_str().unwrap_or_default().to_owned());
        match self.body["contents"].as_array() {
            Some(contents) => contents.iter().map(|turn| of(turn, "model", &turn["parts"][0]["text"])).collect(),
            None => {
                let messages = self.body["messages"].as_array().into_iter().flatten();
                messages.filter(|turn| turn["role"] != "system").map(|turn| of(turn, "assistant", &turn["content"])).collect()
            }
        }
    }

    /// What was said last.
    pub fn last(&self) -> String {
        self.turns().pop().unwrap_or_default().1
    }
}

#[derive(Clone)]
struct Shared {
    usual: Arc<Mutex<Saying>>,
    next: Arc<Mutex<VecDeque<Saying>>>,
    asked: watch::Sender<Vec<Asked>>,
    held: watch::Sender<bool>,
    tokens: Arc<Mutex<u64>>,
}

pub struct Llm {
    url: String,
    shared: Shared,
}

impl Llm {
    /// Echoes, each answer for 10 tokens.
    pub async fn start() -> Self {
        let shared = Shared {
            usual: Arc::new(Mutex::new(Saying::Echo)),
            next: Arc::default(),
            asked: watch::Sender::default(),
            held: watch::Sender::default(),
            tokens: Arc::new(Mutex::new(10)),
        };
        let router = Router::new()
            .route("/v1/chat/completions", post(openai))
            .route("/v1beta/openai/chat/completions", post(openai_of_gemini))
            .route("/v1beta/models/{call}", post(gemini))
            .with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// For `OPENAI_BASE_URL`.
    pub fn openai(&self) -> String {
        format!("{}/v1", self.url)
    }

    /// For `GEMINI_BASE_URL`.
    pub fn gemini(&self) -> String {
        format!("{}/v1beta", self.url)
    }

    /// Answers like this from now on.
    pub fn say(&self, saying: Saying) {
        *self.shared.usual.lock().unwrap() = saying;
    }

    /// Answers the next requests like this, one each, before it goes on as usual.
    pub fn say_next(&self, sayings: impl IntoIterator<Item = Saying>) {
        self.shared.next.lock().unwrap().extend(sayings);
    }

    /// What an answer costs from now on.
    #[allow(dead_code, reason = "asked for in the tests of crate ai")]
    pub fn cost(&self, tokens: u64) {
        *self.shared.tokens.lock().unwrap() = tokens;
    }

    /// Thinks until it is released, or no longer.
    pub fn hold(&self, held: bool) {
        self.shared.held.send_replace(held);
    }

    /// What it was asked, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.borrow().clone()
    }

    /// Waits until it was asked this often; answers all of it.
    pub async fn wait_for(&self, times: usize) -> Vec<Asked> {
        let mut asked = self.shared.asked.subscribe();
        let enough = asked.wait_for(|asked| asked.len() >= times);
        tokio::time::timeout(Duration::from_secs(30), enough).await.expect("the model was not asked").unwrap().clone()
    }
}

async fn openai(State(shared): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    by_openai(shared, "/v1/chat/completions", headers, body).await
}

async fn openai_of_gemini(State(shared): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    by_openai(shared, "/v1beta/openai/chat/completions", headers, body).await
}

async fn by_openai(shared: Shared, path: &str, headers: HeaderMap, body: Value) -> Response {
    let completion = |content: Option<String>, reason: &str, tokens: u64| {
        json!({"id": "chatcmpl-1", "object": "chat.completion", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": content, "refusal": null}, "finish_reason": reason}
        ], "usage": {"prompt_tokens": tokens - 1, "completion_tokens": 1, "total_tokens": tokens}})
    };
    shared
        .answer(path, headers, body, |said, tokens| match said {
            Said::Whole(text) => completion(Some(text), "stop", tokens),
            Said::CutOff => completion(Some("Once upon".into()), "length", tokens),
            Said::Filtered => completion(None, "content_filter", tokens),
        })
        .await
}

async fn gemini(State(shared): State<Shared>, Path(call): Path<String>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let generated = |text: &str, reason: &str, tokens: u64| {
        json!({"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": reason, "index": 0}],
            "usageMetadata": {"promptTokenCount": tokens - 1, "candidatesTokenCount": 1, "totalTokenCount": tokens}})
    };
    shared
        .answer(&format!("/v1beta/models/{call}"), headers, body, |said, tokens| match said {
            Said::Whole(text) => generated(&text, "STOP", tokens),
            Said::CutOff => generated("Once upon", "MAX_TOKENS", tokens),
            Said::Filtered => json!({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"totalTokenCount": tokens}}),
        })
        .await
}

/// An answer, whichever the wire format.
enum Said {
    Whole(String),
    CutOff,
    Filtered,
}

impl Shared {
    async fn answer(&self, path: &str, headers: HeaderMap, body: Value, write: impl FnOnce(Said, u64) -> Value) -> Response {
        let asked = Asked { path: path.to_owned(), headers, body };
        let last = asked.last();
        self.asked.send_modify(|all| all.push(asked));
        self.held.subscribe().wait_for(|held| !held).await.unwrap();
        let next = self.next.lock().unwrap().pop_front();
        let saying = next.unwrap_or_else(|| self.usual.lock().unwrap().clone());
        let said = match saying {
            Saying::Echo => Said::Whole(format!("You said: {last}")),
            Saying::Text(text) => Said::Whole(text.to_owned()),
            Saying::CutOff => Said::CutOff,
            Saying::Filtered => Said::Filtered,
            Saying::Garbage => return "<html>".into_response(),
            Saying::Status(status, wait) => {
                let headers: Vec<_> = wait.map(|wait| ("retry-after", wait.to_string())).into_iter().collect();
                let status = StatusCode::from_u16(status).unwrap();
                return (status, axum::response::AppendHeaders(headers), "no").into_response();
            }
            Saying::Silence => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Said::Whole("too late".into())
            }
        };
        let tokens = *self.tokens.lock().unwrap();
        Json(write(said, tokens)).into_response()
    }
}
