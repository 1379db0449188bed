//! The WebSocket: every event as it happens, and if asked for those that were missed before.

use std::{ops::ControlFlow, sync::Arc};

use axum::{
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    response::Response,
};
use domain::{
    model::{Event, EventFilter, EventId, UnknownWord},
    ports::EventScope,
};
use serde::Deserialize;
use tokio::{sync::broadcast, time::Instant};

use crate::{
    api::Api,
    auth::Caller,
    error::ApiError,
    extract::Query,
    socket::{Feed, Listener, View},
};

/// Clients have nothing to say here.
const MAX_CLIENT_FRAME: usize = 16 * 1024;

/// What a client asks for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// The operator's, a user's, or a device's key.
    pub token: String,
    /// Only those of these devices.
    #[serde(alias = "deviceId")]
    devices: String,
    /// Only these events.
    events: String,
    /// The last event that was seen: what happened since comes first.
    pub since: Option<String>,
}

impl Wish {
    /// Which events it wants.
    pub fn filter(&self) -> Result<EventFilter, ApiError> {
        let unknown = |UnknownWord { list, word }| ApiError::invalid(list, format_args!("there are none called {word}"));
        EventFilter::parse(&self.devices, &self.events).map_err(unknown)
    }
}

pub async fn open(
    State(api): State<Arc<Api>>,
    Query(wish): Query<Wish>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let Some(subscription) = &api.subscription else {
        return Err(ApiError::SocketElsewhere { url: api.config.public_ws_url.clone() });
    };
    let caller = Caller::by_token(&api, &wish.token).await?;
    let upgrade = upgrade.map_err(|rejection| ApiError::Validation { details: format!("WebSocket: {}", rejection.body_text()) })?;
    let filter = wish.filter()?;
    let mut view = View::of(&caller, api.devices.clone());
    let feed = feed(&api, subscription.subscribe(), &mut view, &filter, wish.since).await?;
    let until = caller.expires_at().map(|expires_at| Instant::now() + expires_at.since(api.clock.now()));
    let listener = Listener::new(feed, view, filter, api.closing.clone(), until);
    let open = api.sockets.token();
    Ok(upgrade.max_message_size(MAX_CLIENT_FRAME).max_frame_size(MAX_CLIENT_FRAME).on_upgrade(async move |socket| {
        listener.serve(socket).await;
        drop(open);
    }))
}

/// From before the handshake on, so that a client misses nothing of what happens after it.
async fn feed(
    api: &Api,
    live: broadcast::Receiver<Arc<Event>>,
    view: &mut View,
    filter: &EventFilter,
    since: Option<String>,
) -> Result<Feed, ApiError> {
    let Some(since) = since else { return Ok(Feed::live(live)) };
    let last = last_seen(api, view, since).await?;
    let scope = filter.only_device().map_or_else(|| view.scope(), |device| EventScope::Device(device.clone()));
    Ok(Feed::since(live, last, api.events.clone(), api.clock.clone(), scope))
}

/// The event that a client says it saw last, if it may have seen it.
pub async fn last_seen(api: &Api, view: &mut View, since: String) -> Result<Event, ApiError> {
    let unknown = || ApiError::invalid("since", "no such event is kept");
    let last = api.events.get(&EventId::parse(since).map_err(|_| unknown())?).await?.ok_or_else(unknown)?;
    match view.shows(&last.device_id).await? {
        ControlFlow::Continue(true) => Ok(last),
        _ => Err(unknown()),
    }
}
