//! A webhook receiver that remembers what it got and answers as it is told.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
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
    taken: Arc<Mutex<Vec<Delivered>>>,
    refused: Arc<Mutex<Vec<Delivered>>>,
}

pub struct Receiver {
    pub url: String,
    shared: Shared,
}

impl Receiver {
    pub async fn start() -> Self {
        let shared = Shared { answering: watch::Sender::new(Answering::Ok), taken: Arc::default(), refused: Arc::default() };
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

    /// The events of one device that it took, each once, however often it was told: none is missing, and none came before an earlier one.
    pub fn events(&self, device: &str) -> Vec<Value> {
        let mut events: Vec<Value> = Vec::new();
        for Delivered { body, .. } in self.taken() {
            let known = body["deviceId"] != *device || events.iter().any(|event| event["id"] == body["id"]);
            if !known {
                assert_eq!(body["seq"], events.len() + 1, "an event is missing or out of order: {body}");
                events.push(body);
            }
        }
        events
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

async fn take(State(shared): State<Shared>, headers: HeaderMap, bytes: Bytes) -> StatusCode {
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let delivered = Delivered { headers, bytes, body };
    let answering = shared.answering.borrow().clone();
    let status = match answering {
        Answering::Ok => StatusCode::OK,
        Answering::Status(status) => StatusCode::from_u16(status).unwrap(),
        Answering::Slowly(wait) => {
            tokio::time::sleep(wait).await;
            StatusCode::OK
        }
    };
    let list = if status.is_success() { &shared.taken } else { &shared.refused };
    list.lock().unwrap().push(delivered);
    status
}
