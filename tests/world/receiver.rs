//! A webhook receiver that remembers what it got and answers as it is told.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch};

use super::eventually;

/// How a receiver answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answering {
    /// Takes everything.
    Ok,
    /// Refuses everything with this status.
    Status(u16),
    /// Takes everything after this long.
    Slowly(Duration),
    /// Refuses every other one with this status.
    ByTurns(u16),
    /// Refuses what has this text in it with this status, and takes the rest.
    Without(&'static str, u16),
    /// Sends everything elsewhere.
    Elsewhere(String),
}

/// One delivery, as it came.
#[derive(Clone, Debug)]
pub struct Delivered {
    pub headers: HeaderMap,
    pub bytes: Bytes,
    pub body: Value,
}

#[derive(Clone)]
struct Shared {
    answering: watch::Sender<Answering>,
    asked: Arc<AtomicUsize>,
    /// How many are being answered, and the most there were at a time.
    busy: Arc<Mutex<(usize, usize)>>,
    taken: Arc<Mutex<Vec<Delivered>>>,
    refused: Arc<Mutex<Vec<Delivered>>>,
}

pub struct Receiver {
    pub url: String,
    shared: Shared,
}

impl Receiver {
    pub async fn start() -> Self {
        let shared = Shared {
            answering: watch::Sender::new(Answering::Ok),
            asked: Arc::default(),
            busy: Arc::default(),
            taken: Arc::default(),
            refused: Arc::default(),
        };
        let router = Router::new().route("/hook", post(take)).with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Answers in another way from now on.
    pub fn answer(&self, answering: Answering) {
        self.shared.answering.send_replace(answering);
    }

    /// What it took, in order.
    pub fn taken(&self) -> Vec<Delivered> {
        self.shared.taken.lock().unwrap().clone()
    }

    /// The events of one device that it took, by their sequence and each once, however often it was told: none came before an earlier one about
    /// the same chat.
    pub fn events(&self, device: &str) -> Vec<Value> {
        let (mut events, mut chats) = (BTreeMap::new(), HashMap::new());
        for Delivered { body, .. } in self.taken().into_iter().filter(|taken| taken.body["deviceId"] == *device) {
            let seq = body["seq"].as_u64().unwrap();
            if events.contains_key(&seq) {
                continue;
            }
            let chat = ["chatId", "jid"].iter().find_map(|field| body["data"][*field].as_str()).unwrap_or_default().to_owned();
            assert!(chats.insert(chat, seq) < Some(seq), "an earlier event about its chat came before: {body}");
            events.insert(seq, body);
        }
        events.into_values().collect()
    }

    /// The same, once none is missing.
    pub async fn all_events(&self, device: &str) -> Vec<Value> {
        eventually("the webhook was told everything", async || {
            let events = self.events(device);
            let complete = events.iter().zip(1..).all(|(event, seq)| event["seq"] == seq);
            complete.then_some(events)
        })
        .await
    }

    /// The most deliveries it ever had at a time since the last time this was asked.
    pub fn most_at_once(&self) -> usize {
        std::mem::take(&mut self.shared.busy.lock().unwrap().1)
    }

    /// What it refused, in order.
    pub fn refused(&self) -> Vec<Delivered> {
        self.shared.refused.lock().unwrap().clone()
    }

    /// Waits until it has taken a delivery like this; answers the first one.
    pub async fn wait_for(&self, what: &str, like: impl Fn(&Value) -> bool) -> Delivered {
        eventually(&format!("the webhook has got {what}"), async || self.taken().into_iter().find(|delivered| like(&delivered.body))).await
    }
}

async fn take(State(shared): State<Shared>, headers: HeaderMap, bytes: Bytes) -> Response {
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let delivered = Delivered { headers, bytes, body };
    let answering = shared.answering.borrow().clone();
    let turn = shared.asked.fetch_add(1, Ordering::SeqCst);
    {
        let mut busy = shared.busy.lock().unwrap();
        *busy = (busy.0 + 1, busy.1.max(busy.0 + 1));
    }
    let mut headers = HeaderMap::new();
    let status = match answering {
        Answering::Ok => StatusCode::OK,
        Answering::Status(status) => StatusCode::from_u16(status).unwrap(),
        Answering::ByTurns(status) if turn % 2 == 0 => StatusCode::from_u16(status).unwrap(),
        Answering::Without(text, status) if String::from_utf8_lossy(&delivered.bytes).contains(text) => {
            StatusCode::from_u16(status).unwrap()
        }
        Answering::ByTurns(_) | Answering::Without(..) => StatusCode::OK,
        Answering::Elsewhere(url) => {
            headers.insert("location", url.parse().unwrap());
            StatusCode::TEMPORARY_REDIRECT
        }
        Answering::Slowly(wait) => {
            tokio::time::sleep(wait).await;
            StatusCode::OK
        }
    };
    let list = if status.is_success() { &shared.taken } else { &shared.refused };
    list.lock().unwrap().push(delivered);
    shared.busy.lock().unwrap().0 -= 1;
    (status, headers).into_response()
}
