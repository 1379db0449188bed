//! A client that costs next to nothing: one kept connection, one request at a time.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::world::TOKEN;

/// Most headers of an answer.
const HEADERS: usize = 32;

/// A connection.
pub struct Http {
    stream: TcpStream,
    received: Vec<u8>,
    /// Where the body of the last answer ends.
    end: usize,
}

impl Http {
    pub async fn connect(addr: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(4096), end: 0 })
    }

    /// Reads a resource.
    pub async fn get(&mut self, path: &str) -> Result<Value> {
        self.json("GET", path, None).await
    }

    /// Has something done; any status but 2xx is an error.
    pub async fn post(&mut self, path: &str, body: &Value) -> Result<Value> {
        self.json("POST", path, Some(body)).await
    }

    async fn json(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let (status, body) = self.exchange(&request(method, path, body)).await?;
        ensure!((200..300).contains(&status), "{method} {path} answered {status}: {}", String::from_utf8_lossy(body));
        serde_json::from_slice(body).with_context(|| format!("the answer to {method} {path}"))
    }

    /// Sends a request made before, and answers with the status and the body.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<(u16, &[u8])> {
        self.received.drain(..self.end);
        self.stream.write_all(request).await?;
        loop {
            if let Some((status, start, end)) = whole(&self.received)? {
                self.end = end;
                return Ok((status, &self.received[start..end]));
            }
            if self.stream.read_buf(&mut self.received).await? == 0 {
                bail!("the connection was closed");
            }
        }
    }
}

/// The bytes of a request. The sandbox ignores the token.
pub fn request(method: &str, path: &str, body: Option<&Value>) -> Vec<u8> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nx-api-token: {TOKEN}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The status of an answer, and where its body starts and ends; `None` while not all of it is there.
fn whole(bytes: &[u8]) -> Result<Option<(u16, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(start) = answer.parse(bytes)? else { return Ok(None) };
    let length = answer.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length: usize = std::str::from_utf8(length.context("an answer without content-length")?.value)?.parse()?;
    let end = start + length;
    Ok((bytes.len() >= end).then_some((answer.code.unwrap_or_default(), start, end)))
}
