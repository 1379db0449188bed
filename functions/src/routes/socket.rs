//! The WebSocket: every event as it happens.

use std::{collections::HashMap, future::pending, ops::ControlFlow, sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket, close_code, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use domain::{
    model::{ApiKey, DeviceId, Event, UserId},
    ports::{Devices, PortError},
};
use serde::Deserialize;
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{api::Api, auth::Caller, error::ApiError, extract::Query};

/// Of how many devices a socket remembers whether they are its user's.
const MOST_KNOWN: usize = 10_000;
/// Clients have nothing to say here.
const MAX_CLIENT_FRAME: usize = 16 * 1024;
/// How often a client is asked whether it is still there; silent for two of these, it is not.
const PING_EVERY: Duration = Duration::from_secs(30);
/// How long a client may take to read a frame, or to say goodbye.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
pub struct Token {
    #[serde(default)]
    token: String,
}

pub async fn open(
    State(api): State<Arc<Api>>,
    Query(Token { token }): Query<Token>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let caller = Caller::by_token(&api, &token).await?;
    let upgrade = upgrade.map_err(|rejection| ApiError::Validation { details: format!("WebSocket: {}", rejection.body_text()) })?;
    // From before the handshake on, so that a client misses nothing of what happens after it.
    let listener = Listener {
        events: api.subscription.subscribe(),
        closing: api.closing.clone(),
        last_heard: Instant::now(),
        view: View::of(&caller, api.devices.clone()),
        until: caller.expires_at().map(|expires_at| Instant::now() + expires_at.since(api.clock.now())),
    };
    let open = api.sockets.token();
    Ok(upgrade.max_message_size(MAX_CLIENT_FRAME).max_frame_size(MAX_CLIENT_FRAME).on_upgrade(async move |socket| {
        listener.serve(socket).await;
        drop(open);
    }))
}

struct Listener {
    events: broadcast::Receiver<Arc<Event>>,
    closing: CancellationToken,
    last_heard: Instant,
    view: View,
    /// When the token that opened the socket expires.
    until: Option<Instant>,
}

/// Whose events a socket shows.
enum View {
    /// Everybody's.
    All,
    /// One device's, while the key that opened the socket is its key.
    Device { own: DeviceId, key: ApiKey, devices: Arc<dyn Devices> },
    /// One user's.
    User { user: UserId, devices: Arc<dyn Devices>, known: HashMap<DeviceId, bool> },
}

impl View {
    fn of(caller: &Caller, devices: Arc<dyn Devices>) -> Self {
        match (caller.own_device(), caller.user()) {
            (Some(device), _) => Self::Device { own: device.id.clone(), key: device.api_key.clone(), devices },
            (None, Some(user)) => Self::User { user, devices, known: HashMap::new() },
            (None, None) => Self::All,
        }
    }

    /// Whether it shows those of this device, or shows nothing any more.
    async fn shows(&mut self, id: &DeviceId) -> Result<ControlFlow<End, bool>, PortError> {
        match self {
            Self::All => Ok(ControlFlow::Continue(true)),
            Self::Device { own, .. } if own != id => Ok(ControlFlow::Continue(false)),
            Self::Device { key, devices, .. } => match devices.get(id).await? {
                Some(device) if device.api_key != *key => Ok(ControlFlow::Break(goodbye(close_code::POLICY, "the key was renewed"))),
                _ => Ok(ControlFlow::Continue(true)),
            },
            Self::User { user, devices, known } => {
                if let Some(own) = known.get(id) {
                    return Ok(ControlFlow::Continue(*own));
                }
                let Some(device) = devices.get(id).await? else { return Ok(ControlFlow::Continue(false)) };
                // A device never changes hands, and its id is nobody else's after it.
                let own = device.user_id == *user;
                if known.len() >= MOST_KNOWN {
                    known.clear();
                }
                known.insert(id.clone(), own);
                Ok(ControlFlow::Continue(own))
            }
        }
    }
}

/// Why a socket ends: with a goodbye, or without because the client is gone.
type End = Option<CloseFrame>;

impl Listener {
    async fn serve(mut self, mut socket: WebSocket) {
        let mut pings = interval(PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let until = self.until;
        let end = loop {
            let step = tokio::select! {
                () = self.closing.cancelled() => ControlFlow::Break(goodbye(close_code::AWAY, "the server stops")),
                () = expiry(until) => ControlFlow::Break(goodbye(close_code::POLICY, "the token has expired")),
                event = self.events.recv() => self.tell(&mut socket, event).await,
                _ = pings.tick() => self.ping(&mut socket).await,
                frame = socket.recv() => self.hear(frame),
            };
            if let ControlFlow::Break(end) = step {
                break end;
            }
        };
        if let Some(frame) = end {
            close(&mut socket, frame).await;
        }
    }

    fn hear(&mut self, frame: Option<Result<Message, axum::Error>>) -> ControlFlow<End> {
        match frame {
            // A client's close is answered by the protocol itself while it is read to its end.
            Some(Ok(_)) => {
                self.last_heard = Instant::now();
                ControlFlow::Continue(())
            }
            Some(Err(_)) | None => ControlFlow::Break(None),
        }
    }

    async fn tell(&mut self, socket: &mut WebSocket, event: Result<Arc<Event>, RecvError>) -> ControlFlow<End> {
        let event = match event {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => return ControlFlow::Break(goodbye(close_code::AGAIN, "too slow: events were missed")),
            Err(RecvError::Closed) => return ControlFlow::Break(goodbye(close_code::AWAY, "the server stops")),
        };
        match self.view.shows(&event.device_id).await {
            Ok(ControlFlow::Continue(true)) => send(socket, Message::Text(event.frame().into())).await,
            Ok(ControlFlow::Continue(false)) => ControlFlow::Continue(()),
            Ok(ControlFlow::Break(end)) => ControlFlow::Break(end),
            Err(error) => {
                tracing::error!(device = %event.device_id, ?error, "whose event it was could not be told");
                ControlFlow::Break(goodbye(close_code::AGAIN, "events were missed"))
            }
        }
    }

    async fn ping(&self, socket: &mut WebSocket) -> ControlFlow<End> {
        if self.last_heard.elapsed() >= 2 * PING_EVERY {
            return ControlFlow::Break(None);
        }
        send(socket, Message::Ping(Bytes::new())).await
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> ControlFlow<End> {
    match timeout(PATIENCE, socket.send(message)).await {
        Ok(Ok(())) => ControlFlow::Continue(()),
        Ok(Err(_)) => ControlFlow::Break(None),
        Err(_) => ControlFlow::Break(goodbye(close_code::AGAIN, "too slow: events were missed")),
    }
}

/// Comes when the token expires, if it does.
async fn expiry(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => pending().await,
    }
}

fn goodbye(code: u16, reason: &'static str) -> End {
    Some(CloseFrame { code, reason: reason.into() })
}

/// Says goodbye and waits for the client to say it too, so that the frame is not lost with the connection.
async fn close(socket: &mut WebSocket, frame: CloseFrame) {
    let farewell = async {
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    // A client that does not answer is cut off.
    let _ = timeout(PATIENCE, farewell).await;
}
