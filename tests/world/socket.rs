//! A WebSocket client that remembers what it got.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use futures::StreamExt;
use serde_json::Value;
use tokio_tungstenite::{connect_async, tungstenite::Message};

use super::{eventually, is_split};

/// The ids of events as they were told: one after another by one machine, each device's for itself on AWS.
fn told(frames: &[Value]) -> BTreeMap<String, Vec<String>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut told = BTreeMap::<_, Vec<_>>::new();
    for frame in frames {
        let teller = if is_split() { text(&frame["deviceId"]) } else { String::new() };
        told.entry(teller).or_default().push(text(&frame["id"]));
    }
    told
}

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

    /// Waits until it has got as many frames as these; fails unless its first ones are these, in their order. Answers all it has got.
    pub async fn begins_with(&self, what: &str, wanted: &[Value]) -> Vec<Value> {
        let wanted = told(wanted);
        let frames = eventually(&format!("the socket has got {what}"), async || {
            let frames = self.frames();
            let found = told(&frames);
            wanted.iter().all(|(teller, ids)| found.get(teller).is_some_and(|found| found.len() >= ids.len())).then_some(frames)
        })
        .await;
        let found = told(&frames);
        for (teller, ids) in wanted {
            assert_eq!(found[&teller][..ids.len()], ids, "{what}");
        }
        frames
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
