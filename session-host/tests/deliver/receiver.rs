//! Receivers on this machine: a real HTTP server that answers as it is told, and a raw one for bad manners.

use std::{future::Future, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Uri},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    sync::watch,
    time,
};

/// A request as it came in.
#[derive(Clone)]
pub struct Seen {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn seq(&self) -> u64 {
        serde_json::from_slice::<Value>(&self.body).unwrap()["seq"].as_u64().unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    pub port: u16,
    seen: Arc<watch::Sender<Vec<Seen>>>,
}

impl Receiver {
    /// Answers each request as told; `answer` also gets how many came before.
    pub async fn start<F, A>(answer: F) -> Self
    where
        F: Fn(Seen, usize) -> A + Clone + Send + Sync + 'static,
        A: Future<Output: IntoResponse> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(watch::Sender::<Vec<Seen>>::default());
        let log = seen.clone();
        let handler = move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let (log, answer) = (log.clone(), answer.clone());
            async move {
                let seen = Seen { path: uri.to_string(), headers, body };
                let mut before = 0;
                log.send_modify(|log| {
                    before = log.len();
                    log.push(seen.clone());
                });
                answer(seen, before).await.into_response() as Response
            }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handler)).await });
        Self { url: format!("http://127.0.0.1:{port}/hook"), port, seen }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.borrow().clone()
    }

    /// Waits until so many requests have come.
    pub async fn until_seen(&self, count: usize) {
        let mut seen = self.seen.subscribe();
        let wait = seen.wait_for(|seen| seen.len() >= count);
        time::timeout(Duration::from_secs(20), wait).await.expect("they came in time").unwrap();
    }

    pub fn seqs(&self) -> Vec<u64> {
        self.seen().iter().map(Seen::seq).collect()
    }
}

/// A server without manners: `serve` gets each connection after a first request has been read from it. Answers its URL.
pub async fn raw<F, S>(serve: F) -> String
where
    F: Fn(TcpStream) -> S + Clone + Send + Sync + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let serve = serve.clone();
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.ends_with(b"\"}") {
                    if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                serve(stream).await;
            });
        }
    });
    url
}
