//! One open WebSocket: tells its events, asks whether the client is still there, and says goodbye.

use std::{future::pending, ops::ControlFlow, sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::ws::{Message, WebSocket, close_code},
};
use domain::model::{Event, EventFilter, EventId};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{End, Feed, View, feed::Ended, goodbye};

/// How often a client is asked whether it is still there; silent for two of these, it is not.
const PING_EVERY: Duration = Duration::from_secs(30);
/// How long a client may take to read a frame, or to say goodbye.
const PATIENCE: Duration = Duration::from_secs(5);

/// One open WebSocket.
pub struct Listener {
    feed: Feed,
    view: View,
    filter: EventFilter,
    closing: CancellationToken,
    /// When the token that opened the socket expires.
    until: Option<Instant>,
    last_heard: Instant,
    last_told: Option<EventId>,
}

impl Listener {
    /// Tells what `feed` has, as far as `view` shows it and `filter` wants it, until the program stops or the token expires.
    pub fn new(feed: Feed, view: View, filter: EventFilter, closing: CancellationToken, until: Option<Instant>) -> Self {
        Self { feed, view, filter, closing, until, last_heard: Instant::now(), last_told: None }
    }

    /// Lives until the socket ends.
    pub async fn serve(mut self, mut socket: WebSocket) {
        let mut pings = interval(PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let until = self.until;
        let end = loop {
            let step = tokio::select! {
                () = self.closing.cancelled() => ControlFlow::Break(goodbye(close_code::AWAY, "the server stops")),
                () = expiry(until) => ControlFlow::Break(goodbye(close_code::POLICY, "the token has expired")),
                event = self.feed.next() => self.take(&mut socket, event).await,
                _ = pings.tick() => self.ping(&mut socket).await,
                frame = socket.recv() => self.hear(frame),
            };
            if let ControlFlow::Break(end) = step {
                break end;
            }
        };
        close(&mut socket, end).await;
    }

    fn hear(&mut self, frame: Option<Result<Message, axum::Error>>) -> ControlFlow<End> {
        match frame {
            Some(Ok(Message::Close(_)) | Err(_)) | None => ControlFlow::Break(None),
            Some(Ok(_)) => {
                self.last_heard = Instant::now();
                ControlFlow::Continue(())
            }
        }
    }

    async fn take(&mut self, socket: &mut WebSocket, event: Result<Arc<Event>, Ended>) -> ControlFlow<End> {
        match event {
            Ok(event) => self.tell(socket, &event).await,
            Err(Ended::Lagged) => ControlFlow::Break(self.missed("too slow: events were missed")),
            Err(Ended::Closed) => ControlFlow::Break(goodbye(close_code::AWAY, "the server stops")),
            Err(Ended::Unreadable(error)) => {
                tracing::error!(?error, "what a socket missed could not be read");
                ControlFlow::Break(self.missed("events were missed"))
            }
        }
    }

    async fn tell(&mut self, socket: &mut WebSocket, event: &Event) -> ControlFlow<End> {
        if !self.filter.wants(event) {
            return ControlFlow::Continue(());
        }
        match self.view.shows(&event.device_id).await {
            Ok(ControlFlow::Continue(true)) => {
                // Also if it is too slow to be read now: what comes after it is read after it.
                self.last_told = Some(event.id.clone());
                self.send(socket, Message::Text(event.frame().into())).await
            }
            Ok(ControlFlow::Continue(false)) => ControlFlow::Continue(()),
            Ok(ControlFlow::Break(end)) => ControlFlow::Break(end),
            Err(error) => {
                tracing::error!(device = %event.device_id, ?error, "whose event it was could not be told");
                ControlFlow::Break(self.missed("events were missed"))
            }
        }
    }

    async fn ping(&self, socket: &mut WebSocket) -> ControlFlow<End> {
        if self.last_heard.elapsed() >= 2 * PING_EVERY {
            return ControlFlow::Break(None);
        }
        self.send(socket, Message::Ping(Bytes::new())).await
    }

    async fn send(&self, socket: &mut WebSocket, message: Message) -> ControlFlow<End> {
        match timeout(PATIENCE, socket.send(message)).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(_)) => ControlFlow::Break(None),
            Err(_) => ControlFlow::Break(self.missed("too slow: events were missed")),
        }
    }

    /// The client is to come again, and is told where to go on.
    fn missed(&self, reason: &str) -> End {
        match &self.last_told {
            Some(id) => goodbye(close_code::AGAIN, format!("{reason}, come again with since={id}")),
            None => goodbye(close_code::AGAIN, reason),
        }
    }
}

/// Comes when the token expires, if it does.
async fn expiry(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => pending().await,
    }
}

/// Says goodbye, or lets the protocol answer the client's by reading to the end, so that no goodbye is lost with the connection.
async fn close(socket: &mut WebSocket, end: End) {
    let farewell = async {
        if let Some(frame) = end {
            socket.send(Message::Close(Some(frame))).await?;
        }
        while let Some(frame) = socket.recv().await {
            frame?;
        }
        Ok::<_, axum::Error>(())
    };
    // A client that does not answer is cut off.
    let _ = timeout(PATIENCE, farewell).await;
}
