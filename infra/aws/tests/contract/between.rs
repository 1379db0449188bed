//! Somebody between a program and the stand-in: counts what is read and written, and holds back what a crash comes before.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering::SeqCst},
};

use reqwest::Client;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// The headers of a request that matter.
const PASSED: [&str; 3] = ["authorization", "content-type", "x-amz-target"];

/// A way to the stand-in that is watched.
pub struct Between {
    pub url: String,
    watch: Arc<Watch>,
}

struct Watch {
    target: String,
    client: Client,
    /// Requests that may still pass.
    left: AtomicI64,
    stopped: Notify,
    /// Items that were looked at.
    items: AtomicU64,
    /// Items that were put, changed or deleted.
    written: AtomicU64,
}

impl Between {
    pub async fn start(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let watch = Watch {
            target: target.to_owned(),
            client: Client::new(),
            left: AtomicI64::new(i64::MAX),
            stopped: Notify::new(),
            items: AtomicU64::new(0),
            written: AtomicU64::new(0),
        };
        let watch = Arc::new(watch);
        let serving = watch.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let watch = serving.clone();
                tokio::spawn(async move { watch.serve(stream).await });
            }
        });
        Self { url, watch }
    }

    /// Does some work, with so many requests at most; `None` if it was stopped at the next one, which nobody got.
    pub async fn until<T>(&self, requests: i64, work: impl Future<Output = T>) -> Option<T> {
        self.watch.left.store(requests, SeqCst);
        let done = tokio::select! {
            done = work => Some(done),
            () = self.watch.stopped.notified() => None,
        };
        self.watch.left.store(i64::MAX, SeqCst);
        done
    }

    /// Does some work, and tells how many items DynamoDB looked at for it.
    pub async fn cost<T>(&self, work: impl Future<Output = T>) -> (T, u64) {
        self.watch.items.store(0, SeqCst);
        let done = work.await;
        (done, self.watch.items.load(SeqCst))
    }

    /// Does some work, and tells how many items it wrote.
    pub async fn writes<T>(&self, work: impl Future<Output = T>) -> (T, u64) {
        self.watch.written.store(0, SeqCst);
        let done = work.await;
        (done, self.watch.written.load(SeqCst))
    }
}

impl Watch {
    async fn serve(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        loop {
            let mut request = self.client.post(&self.target);
            let (mut length, mut line) = (0, String::new());
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            loop {
                line.clear();
                stream.read_line(&mut line).await.unwrap();
                let Some((name, value)) = line.trim_end().split_once(": ") else { break };
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.parse().unwrap(),
                    name if PASSED.contains(&name) => request = request.header(name, value),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.unwrap();
            if self.left.fetch_sub(1, SeqCst) <= 0 {
                self.stopped.notify_one();
                return std::future::pending().await;
            }
            self.written.fetch_add(writes(&body), SeqCst);
            let answer = request.body(body).send().await.unwrap();
            let status = answer.status().as_u16();
            let body = answer.bytes().await.unwrap();
            let answered: Value = serde_json::from_slice(&body).unwrap_or_default();
            let found = answered["Responses"].as_object().into_iter().flatten().flat_map(|(_, items)| items.as_array()).map(Vec::len);
            let items =
                found.sum::<usize>() as u64 + answered["ScannedCount"].as_u64().unwrap_or(0) + u64::from(answered["Item"].is_object());
            self.items.fetch_add(items, SeqCst);
            let head = format!("HTTP/1.1 {status} -\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
        }
    }
}

/// How many items a request writes.
fn writes(body: &[u8]) -> u64 {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let is_one =
        asked["Item"].is_object() || asked["UpdateExpression"].is_string() || asked["Key"].is_object() && asked["ConsistentRead"].is_null();
    let transaction = asked["TransactItems"].as_array().into_iter().flatten().filter(|write| write["ConditionCheck"].is_null()).count();
    let batch = asked["RequestItems"].as_object().into_iter().flatten().filter_map(|(_, writes)| writes.as_array()).map(Vec::len);
    u64::from(is_one) + (transaction + batch.sum::<usize>()) as u64
}
