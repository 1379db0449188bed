//! Whoever the webhooks are for.

use std::time::Instant;

use anyhow::Result;
use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post, serve::ListenerExt};
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

/// A body, and when it came.
pub type Received = (Bytes, Instant);

pub struct Webhook {
    pub url: String,
    pub received: UnboundedReceiver<Received>,
}

impl Webhook {
    /// Listens until the program ends.
    pub async fn listen() -> Result<Self> {
        let (sender, received) = unbounded_channel();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let router = Router::new().route("/", post(take)).with_state(sender);
        tokio::spawn(axum::serve(listener.tap_io(|stream| drop(stream.set_nodelay(true))), router).into_future());
        Ok(Self { url, received })
    }
}

async fn take(State(sender): State<UnboundedSender<Received>>, body: Bytes) -> StatusCode {
    // Once a scenario is over nobody listens any more.
    let _ = sender.send((body, Instant::now()));
    StatusCode::NO_CONTENT
}
