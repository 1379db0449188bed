//! `GET /health`: how the program fares.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State, http::StatusCode};
use domain::{model::Timestamp, ports::Snapshot};
use serde::Serialize;

use crate::{api::Api, views::uptime};

/// What "per minute" is measured over.
const WINDOW: Duration = Duration::from_secs(5 * 60);

#[derive(Serialize)]
pub struct Response {
    status: &'static str,
    timestamp: Timestamp,
    version: String,
    uptime: String,
    services: Services,
    statistics: Option<Figures>,
}

#[derive(Serialize)]
struct Services {
    database: &'static str,
    queue: &'static str,
    websocket: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    active_devices: u64,
    total_messages: u64,
    messages_per_minute: f64,
}

pub async fn handle(State(api): State<Arc<Api>>) -> (StatusCode, Json<Response>) {
    let now = api.clock.now();
    let snapshot = api.statistics.snapshot(now - WINDOW).await;
    if let Err(error) = &snapshot {
        tracing::error!(?error, "the store did not answer a health check");
    }
    let (code, status, store) = match snapshot {
        Ok(_) => (StatusCode::OK, "healthy", "connected"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "unhealthy", "disconnected"),
    };
    let response = Response {
        status,
        timestamp: now,
        version: api.config.version.clone(),
        uptime: uptime(now.since(api.started_at)),
        // The queue lives in the database.
        services: Services { database: store, queue: store, websocket: if api.closing.is_cancelled() { "closing" } else { "active" } },
        statistics: snapshot.ok().map(Figures::from),
    };
    (code, Json(response))
}

impl From<Snapshot> for Figures {
    fn from(snapshot: Snapshot) -> Self {
        let minutes = WINDOW.as_secs_f64() / 60.0;
        Self {
            active_devices: snapshot.active_devices,
            total_messages: snapshot.total_messages,
            messages_per_minute: (snapshot.recent_messages as f64 / minutes * 10.0).round() / 10.0,
        }
    }
}
