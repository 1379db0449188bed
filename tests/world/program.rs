//! warta as a process.

use std::{net::SocketAddr, path::Path, process::Stdio};

use reqwest::{Client, Method, RequestBuilder, header::HeaderMap};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

use super::{Host, Stack};

/// The operator's token in every test.
pub const TOKEN: &str = "test123";

/// Limits are in the way of tests that are not about them.
const UNLIMITED: [&str; 4] =
    ["RATE_LIMIT_IP_PER_HOUR", "RATE_LIMIT_MESSAGES_PER_MINUTE", "RATE_LIMIT_MEDIA_PER_MINUTE", "RATE_LIMIT_QR_PER_MINUTE"];

/// A running warta.
pub struct Program {
    host: Host,
    http: Client,
    /// Where the API is: `http://127.0.0.1:…/api/whatsapp`.
    pub api: String,
    /// Where the WebSocket is: `ws://127.0.0.1:…`.
    pub socket: String,
}

/// A response.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The contract's error code.
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }
}

/// Where a program's state is.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// In a folder: the program is one process.
    Folder(&'a Path),
    /// In a stack: the program is the stack's functions, and a session host as a process.
    Stack(&'a Stack),
}

impl Program {
    pub async fn start(place: Place<'_>, sandbox: SocketAddr, settings: &[(String, String)]) -> Self {
        Self::launch(place, sandbox, settings).await.expect("the program ended before it listened")
    }

    /// Starts it; `None` if it ends before it listens.
    pub async fn launch(place: Place<'_>, sandbox: SocketAddr, settings: &[(String, String)]) -> Option<Self> {
        let settings = all_settings(sandbox, settings);
        match place {
            Place::Folder(data) => Self::launch_one(data, settings).await,
            Place::Stack(stack) => Self::launch_split(stack, settings).await,
        }
    }

    async fn launch_one(data: &Path, settings: Vec<(String, String)>) -> Option<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_warta"))
            .env("HOST", "127.0.0.1")
            .env("PORT", "0")
            .env("WS_PORT", "0")
            .env("DATA_DIR", data)
            .env("API_TOKEN", TOKEN)
            .envs(settings)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut api, mut socket) = (None, None);
        while api.is_none() || socket.is_none() {
            let line = lines.next_line().await.unwrap()?;
            if let Some(url) = line.strip_prefix("API on ") {
                api = Some(url.to_owned());
            } else if let Some(url) = line.strip_prefix("WebSocket on ") {
                socket = Some(url.to_owned());
            }
        }
        let http = super::http();
        Some(Self { host: Host::new(child, None), http, api: api?, socket: socket? })
    }

    async fn launch_split(stack: &Stack, settings: Vec<(String, String)>) -> Option<Self> {
        stack.configure(&settings).await;
        let host = stack.start_host(&settings).await?;
        Some(Self { host, http: super::http(), api: stack.api(), socket: stack.socket() })
    }

    /// A request with the operator's token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.api)).header("x-api-token", TOKEN)
    }

    /// A request without a token.
    pub fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.api))
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::POST, path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    /// The process: the program itself, or the session host it began with.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Ends it at once.
    pub async fn kill(&mut self) {
        self.host.kill().await;
    }

    /// Asks it to end and waits until it has.
    pub async fn terminate(&mut self) {
        self.host.terminate().await;
    }

    /// Waits until it has ended.
    pub async fn wait(&self) {
        self.host.wait().await;
    }
}

/// A test's settings on top of those of all tests.
pub fn all_settings(sandbox: SocketAddr, settings: &[(String, String)]) -> Vec<(String, String)> {
    let unlimited = UNLIMITED.map(|limit| (limit.to_owned(), "0".to_owned()));
    let sandbox = ("SANDBOX_URL".to_owned(), format!("http://{sandbox}"));
    unlimited.into_iter().chain([sandbox]).chain(settings.iter().cloned()).collect()
}

/// Sends a request; an empty body reads as null.
pub async fn answer(request: RequestBuilder) -> Answer {
    attempt(request).await.unwrap()
}

/// Sends a request that the program may die under.
pub async fn attempt(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await?;
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
    Ok(Answer { status, headers, body })
}
