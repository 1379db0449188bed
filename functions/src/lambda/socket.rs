//! What `socket` does: takes sockets up and forgets them, and tells those that come again what they missed.

use std::{net::IpAddr, sync::Arc};

use anyhow::{Context, Result};
use aws::{Audience, OpenSockets, SETTLED, Seen, Socket};
use aws_lambda_events::{apigw::ApiGatewayWebsocketProxyRequest, sqs::SqsEvent};
use axum::{
    Extension, Router,
    body::{self, Body},
    extract::{Request, State},
    http::StatusCode,
    routing::any,
};
use domain::ports::before_events;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use tower::ServiceExt;

use super::{Function, missed::Missed, serve};
use crate::{
    api::Api,
    auth::Caller,
    error::ApiError,
    extract::Query,
    limits::Peer,
    router::single,
    routes::socket::{Wish, last_seen},
    socket::{OVERLAP, View},
};

/// The parts it needs.
const PARTS: [&str; 5] = ["RECORDS_TABLE", "PASSING_TABLE", "COMMAND_QUEUES", "SOCKETS_QUEUE", "SOCKETS_ENDPOINT"];

/// Most of an error that is passed on.
const MAX_ERROR: usize = 64 * 1024;

/// What happens.
#[derive(Deserialize)]
#[serde(untagged)]
enum Happening {
    /// Sockets have missed something: their ids.
    Missed(SqsEvent),
    /// A socket is opened or closed, or its client says something.
    Socket(Box<ApiGatewayWebsocketProxyRequest>),
}

/// What the gateway is answered.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    body: String,
}

/// What the gateway calls a socket.
#[derive(Clone)]
struct SocketId(String);

/// Answers until Lambda ends the process.
pub async fn run() -> Result<()> {
    let Function { api, clients, resources } = Function::start("socket", &PARTS, &[]).await?;
    let sockets = OpenSockets::new(&clients, &resources);
    let door = single(api.clone(), any(connect)).layer(Extension(sockets.clone()));
    serve(move |happening| happen(door.clone(), Missed::of(&api, &sockets), happening)).await
}

async fn happen(door: Router, missed: Missed, happening: Happening) -> Result<Answer> {
    let event = match happening {
        Happening::Socket(event) => event,
        Happening::Missed(event) => {
            for id in event.records.into_iter().filter_map(|record| record.body) {
                missed.tell(&id).await?;
            }
            return Ok(Answer::default());
        }
    };
    let id = event.request_context.connection_id.clone().context("an event names no socket")?;
    match event.request_context.event_type.as_deref() {
        Some("CONNECT") => {
            let response = door.oneshot(request(&event, id)?).await?;
            let status_code = response.status().as_u16();
            let body = body::to_bytes(response.into_body(), MAX_ERROR).await?;
            Ok(Answer { status_code, body: String::from_utf8_lossy(&body).into_owned() })
        }
        Some("DISCONNECT") => {
            missed.sockets.forget(&id).await?;
            Ok(Answer { status_code: 200, ..Answer::default() })
        }
        // Clients have nothing to say here.
        _ => Ok(Answer { status_code: 200, ..Answer::default() }),
    }
}

/// The request that opened a socket, as far as it matters here.
fn request(event: &ApiGatewayWebsocketProxyRequest, id: String) -> Result<Request> {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let query: Vec<_> = event.query_string_parameters.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let mut request = Request::builder().uri(format!("/?{}", query.join("&"))).extension(SocketId(id));
    if let Some(peer) = event.request_context.identity.source_ip.as_deref().and_then(|address| address.parse::<IpAddr>().ok()) {
        request = request.extension(Peer(peer));
    }
    let mut request = request.body(Body::empty())?;
    *request.headers_mut() = event.headers.clone();
    Ok(request)
}

/// Takes up a socket. Its client misses nothing from here on: what it is told late, hosts or [`Missed`] keep for it.
async fn connect(
    State(api): State<Arc<Api>>,
    Extension(sockets): Extension<OpenSockets>,
    Extension(SocketId(id)): Extension<SocketId>,
    Query(wish): Query<Wish>,
) -> Result<StatusCode, ApiError> {
    let opened_at = api.clock.now();
    let caller = Caller::by_token(&api, &wish.token).await?;
    let filter = wish.filter()?;
    let seen = match wish.since {
        None => None,
        Some(since) => {
            let last = last_seen(&api, &mut View::of(&caller, api.devices.clone()), since).await?;
            Some(Seen { device: last.device_id, seq: last.seq, at: last.at })
        }
    };
    let from = match &seen {
        None => Some(before_events(opened_at)),
        // The hosts have all of that yet.
        Some(seen) if opened_at.since(seen.at) < SETTLED => Some(before_events(seen.at - OVERLAP)),
        Some(_) => None,
    };
    let audience = match (caller.own_device(), caller.user()) {
        (Some(device), _) => Audience::device(device.id.clone(), &device.api_key),
        (None, Some(user)) => Audience::User(user),
        (None, None) => Audience::All,
    };
    let until = caller.expires_at();
    sockets.open(&Socket { id, audience, filter, opened_at, until, seen, from, told: None, begun: false }).await?;
    Ok(StatusCode::OK)
}
