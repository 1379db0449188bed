//! How the host is, over HTTP: `/health/live`, `/health/ready` and `/metrics`.

use std::{
    convert::Infallible,
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use http::{Request, Response, StatusCode, header::CONTENT_TYPE};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use process::{Settings, metrics};
use session_host::lanes::Standing;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;

use crate::config;

/// How long a request may take to come, and its answer to be taken.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is known of the host.
#[derive(Clone)]
pub struct Health {
    pub standing: watch::Receiver<Standing>,
    /// How long what was seen of the leases is good for.
    pub lease: Duration,
    pub stopping: CancellationToken,
}

impl Health {
    /// It goes on looking after its lanes, whatever comes of that.
    fn is_live(&self) -> bool {
        self.standing.borrow().tried_at.elapsed() < self.lease * 4
    }

    /// It works its share of the lanes, as far as there is one, and the leases answer.
    fn is_ready(&self) -> bool {
        let standing = self.standing.borrow();
        let knows = standing.known_at.is_some_and(|at: Instant| at.elapsed() < self.lease);
        knows && standing.settled && !self.stopping.is_cancelled()
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<String> {
        let (content, status, body) = match request.uri().path() {
            "/health/live" => told(self.is_live(), "live", "not_live"),
            "/health/ready" => told(self.is_ready(), "ready", "not_ready"),
            "/metrics" => ("text/plain; version=0.0.4", StatusCode::OK, metrics::handle().render()),
            _ => ("text/plain", StatusCode::NOT_FOUND, String::new()),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(content));
        response
    }
}

fn told(is: bool, yes: &str, no: &str) -> (&'static str, StatusCode, String) {
    let (status, word) = if is { (StatusCode::OK, yes) } else { (StatusCode::SERVICE_UNAVAILABLE, no) };
    ("application/json", status, format!(r#"{{"status":"{word}"}}"#))
}

/// Answers until the process ends.
pub async fn serve(listener: TcpListener, health: Health) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PATIENCE).await;
                continue;
            }
        };
        let health = health.clone();
        let service = service_fn(move |request| {
            let response = health.answer(&request);
            async move { Ok::<_, Infallible>(response) }
        });
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service);
            if let Ok(Err(error)) = tokio::time::timeout(PATIENCE * 2, connection).await {
                tracing::debug!(%error, "a question after the host's health was broken off");
            }
        });
    }
}

/// Asks the host that runs on this machine whether it lives.
pub fn ask() -> Result<()> {
    let mut settings = Settings::of_environment();
    let addr = config::health(&mut settings);
    settings.finish(())?;
    let ip = if addr.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { addr.ip() };
    let addr = SocketAddr::new(ip, addr.port());
    let mut stream = TcpStream::connect_timeout(&addr, PATIENCE).with_context(|| format!("nobody listens on {addr}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET /health/live HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "the host does not look after its lanes");
    Ok(())
}
