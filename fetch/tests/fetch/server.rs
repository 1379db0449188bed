//! A server on loopback that answers with exactly the bytes it is told to.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time,
};

/// What it does after it has answered.
#[derive(Clone, Copy, PartialEq)]
pub enum Then {
    /// Closes the connection.
    Closes,
    /// Keeps the connection open in silence.
    Stalls,
}

/// Answers until it is dropped.
pub struct Server {
    pub port: u16,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers every request with these bytes.
    pub async fn answering(answer: impl Into<Vec<u8>>, then: Then) -> Self {
        let answer = Arc::new(answer.into());
        Self::start(move |_| answer.to_vec(), then).await
    }

    /// Answers with what `answer` makes of a request's head.
    pub async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer = Arc::new(answer);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answer.clone(), then));
            }
        });
        Self { port, task }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, answer: Arc<impl Fn(&str) -> Vec<u8>>, then: Then) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    // The client may have had enough.
    let _ = stream.write_all(&answer(&String::from_utf8_lossy(&head))).await;
    if then == Then::Stalls {
        let _ = time::timeout(Duration::from_secs(60), stream.read_u8()).await;
    }
}
