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
    with_body(method, path, "application/json", body.as_bytes())
}

/// The bytes of a request that hands in a form with one file, in the field `kind`.
pub fn form(path: &str, fields: &[(&str, &str)], kind: &str, file_name: &str, file: &[u8]) -> Vec<u8> {
    const BOUNDARY: &str = "end-of-this-part-of-the-form";
    let mut body = Vec::with_capacity(file.len() + 1024);
    for (name, value) in fields {
        body.extend(format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    body.extend(format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{kind}\"; filename=\"{file_name}\"\r\n\r\n").bytes());
    body.extend(file);
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").bytes());
    with_body("POST", path, &format!("multipart/form-data; boundary={BOUNDARY}"), &body)
}

fn with_body(method: &str, path: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nx-api-token: {TOKEN}\r\ncontent-type: {content_type}\r\n\
         content-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
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
