//! The WebSocket: every event as it happens, and if asked for those that were missed before.

use std::{ops::ControlFlow, sync::Arc};

use axum::{
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    response::Response,
};
use domain::{model::EventId, ports::EventScope};
use serde::Deserialize;
use tokio::time::Instant;

use crate::{
    api::Api,
    auth::Caller,
    error::ApiError,
    extract::Query,
    socket::{Feed, Filter, Listener, View},
};

/// Clients have nothing to say here.
const MAX_CLIENT_FRAME: usize = 16 * 1024;

/// What a client asks for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// The operator's, a user's, or a device's key.
    token: String,
    /// Only those of these devices.
    #[serde(alias = "deviceId")]
    devices: String,
    /// Only these events.
    events: String,
    /// The last event that was seen: what happened since comes first.
    since: Option<String>,
}

pub async fn open(
    State(api): State<Arc<Api>>,
    Query(wish): Query<Wish>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let caller = Caller::by_token(&api, &wish.token).await?;
    let upgrade = upgrade.map_err(|rejection| ApiError::Validation { details: format!("WebSocket: {}", rejection.body_text()) })?;
    let filter = Filter::parse(&wish.devices, &wish.events)?;
    let mut view = View::of(&caller, api.devices.clone());
    let feed = feed(&api, &mut view, &filter, wish.since).await?;
    let until = caller.expires_at().map(|expires_at| Instant::now() + expires_at.since(api.clock.now()));
    let listener = Listener::new(feed, view, filter, api.closing.clone(), until);
    let open = api.sockets.token();
    Ok(upgrade.max_message_size(MAX_CLIENT_FRAME).max_frame_size(MAX_CLIENT_FRAME).on_upgrade(async move |socket| {
        listener.serve(socket).await;
        drop(open);
    }))
}

/// From before the handshake on, so that a client misses nothing of what happens after it.
async fn feed(api: &Api, view: &mut View, filter: &Filter, since: Option<String>) -> Result<Feed, ApiError> {
    let live = api.subscription.subscribe();
    let Some(since) = since else { return Ok(Feed::live(live)) };
    let unknown = || ApiError::invalid("since", "no such event is kept");
    let last = api.events.get(&EventId::parse(since).map_err(|_| unknown())?).await?.ok_or_else(unknown)?;
    if !matches!(view.shows(&last.device_id).await?, ControlFlow::Continue(true)) {
        return Err(unknown());
    }
    let scope = filter.only_device().map_or_else(|| view.scope(), |device| EventScope::Device(device.clone()));
    Ok(Feed::since(live, last, api.events.clone(), api.clock.clone(), scope))
}
