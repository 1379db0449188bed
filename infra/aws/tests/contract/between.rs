//! Somebody between a program and the stand-in: counts what it asks for and what it costs, and holds back what a crash comes before.

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
    /// Read units that were used, in halves.
    halves: AtomicU64,
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
            halves: AtomicU64::new(0),
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

    /// Does some work, and tells how many read units it used.
    pub async fn cost<T>(&self, work: impl Future<Output = T>) -> (T, f64) {
        self.watch.halves.store(0, SeqCst);
        let done = work.await;
        (done, self.watch.halves.load(SeqCst) as f64 / 2.0)
    }
}

impl Watch {
    async fn serve(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        loop {
            let mut request = self.client.post(&self.target);
            let (mut length, mut target, mut line) = (0, String::new(), String::new());
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            loop {
                line.clear();
                stream.read_line(&mut line).await.unwrap();
                let Some((name, value)) = line.trim_end().split_once(": ") else { break };
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.parse().unwrap(),
                    name if PASSED.contains(&name) => {
                        request = request.header(name, value);
                        if name == "x-amz-target" {
                            value.clone_into(&mut target);
                        }
                    }
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.unwrap();
            if self.left.fetch_sub(1, SeqCst) <= 0 {
                self.stopped.notify_one();
                return std::future::pending().await;
            }
            let is_read = ["Query", "GetItem", "BatchGetItem"].iter().any(|read| target.ends_with(&format!(".{read}")));
            if is_read {
                let mut asked: Value = serde_json::from_slice(&body).unwrap();
                asked["ReturnConsumedCapacity"] = "TOTAL".into();
                body = asked.to_string().into_bytes();
            }
            let answer = request.body(body).send().await.unwrap();
            let status = answer.status().as_u16();
            let body = answer.bytes().await.unwrap();
            if is_read {
                let answered: Value = serde_json::from_slice(&body).unwrap();
                self.halves.fetch_add((2.0 * units(&answered["ConsumedCapacity"])) as u64, SeqCst);
            }
            let head = format!("HTTP/1.1 {status} -\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
        }
    }
}

fn units(consumed: &Value) -> f64 {
    match consumed {
        Value::Array(tables) => tables.iter().map(units).sum(),
        table => table["CapacityUnits"].as_f64().unwrap_or(0.0),
    }
}
