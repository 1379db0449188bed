//! A WebSocket client that remembers what it got.

use std::sync::{Arc, Mutex};

use futures::StreamExt;
use serde_json::Value;
use tokio_tungstenite::{connect_async, tungstenite::Message};

use super::eventually;

pub struct Socket {
    frames: Arc<Mutex<Vec<Value>>>,
}

impl Socket {
    /// Listens at `ws://…/?token=…`.
    pub async fn open(url: &str) -> Self {
        let (mut stream, _) = connect_async(url).await.unwrap();
        let frames = Arc::new(Mutex::new(Vec::new()));
        let kept = frames.clone();
        tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                if let Message::Text(text) = message {
                    kept.lock().unwrap().push(serde_json::from_str(&text).unwrap());
                }
            }
        });
        Self { frames }
    }

    /// All frames so far.
    pub fn frames(&self) -> Vec<Value> {
        self.frames.lock().unwrap().clone()
    }

    /// The id of the last event that it got.
    pub fn last_id(&self) -> String {
        self.frames().last().unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Waits until it has got a frame like this; answers the first one.
    pub async fn wait_for(&self, what: &str, like: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("the socket has got {what}"), async || self.frames().into_iter().find(|frame| like(frame))).await
    }
}
