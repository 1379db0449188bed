//! `GET /health`: how the program fares. `/health/live` and `/health/ready` tell a supervisor whether to start it anew, and whether to send it requests.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State, http::StatusCode};
use domain::{model::Timestamp, ports::Snapshot};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    api::Api,
    openapi::{Content, Operation},
    views::uptime,
};
use serde_json::{Value, json};

/// What "per minute" is measured over.
const WINDOW: Duration = Duration::from_secs(5 * 60);

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Health")]
pub struct Response {
    status: &'static str,
    timestamp: Timestamp,
    version: String,
    uptime: String,
    services: Services,
    statistics: Option<Figures>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "HealthServices")]
struct Services {
    database: &'static str,
    queue: &'static str,
    storage: &'static str,
    websocket: &'static str,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "HealthFigures")]
#[serde(rename_all = "camelCase")]
struct Figures {
    active_devices: u64,
    total_messages: u64,
    messages_per_minute: f64,
}

pub fn doc() -> Operation {
    let example = |status: &str, store: &str| {
        json!({
            "status": status,
            "timestamp": "2024-01-01T10:00:00Z",
            "version": "1.0.0",
            "uptime": "24h 30m",
            "services": {"database": store, "queue": store, "storage": "connected", "websocket": "active"},
            "statistics": {"activeDevices": 15, "totalMessages": 1250, "messagesPerMinute": 5.2},
        })
    };
    let mut unhealthy = example("unhealthy", "disconnected");
    unhealthy["statistics"] = json!(null);
    let content = |example| Content::Json { schema: |generator| generator.subschema_for::<Response>(), example };
    Operation::new("getHealth", "Health", "Check health")
        .open()
        .answers_with(200, "It works.", content(example("healthy", "connected")))
        .answers_with(503, "A store of it does not answer.", content(unhealthy))
}

pub async fn handle(State(api): State<Arc<Api>>) -> (StatusCode, Json<Response>) {
    let now = api.clock.now();
    let snapshot = api.statistics.snapshot(now - WINDOW).await;
    let files = api.media.check().await;
    for error in snapshot.as_ref().err().into_iter().chain(files.as_ref().err()) {
        tracing::error!(?error, "a store did not answer a health check");
    }
    let (code, status) = match (&snapshot, &files) {
        (Ok(_), Ok(())) => (StatusCode::OK, "healthy"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "unhealthy"),
    };
    let store = connected(snapshot.is_ok());
    let websocket = if api.closing.is_cancelled() { "closing" } else { "active" };
    let response = Response {
        status,
        timestamp: now,
        version: api.config.version.clone(),
        uptime: uptime(now.since(api.started_at)),
        // The queue lives in the database.
        services: Services { database: store, queue: store, storage: connected(files.is_ok()), websocket },
        statistics: snapshot.ok().map(Figures::from),
    };
    (code, Json(response))
}

/// It runs, whatever else does not.
pub async fn live() -> Json<Value> {
    Json(json!({"status": "live"}))
}

/// It has taken up its devices, its stores answer, and it does not stop.
pub async fn ready(State(api): State<Arc<Api>>) -> (StatusCode, Json<Value>) {
    let stored = async {
        let stores = tokio::join!(api.statistics.snapshot(api.clock.now()), api.media.check());
        matches!(stores, (Ok(_), Ok(())))
    };
    if api.ready.is_cancelled() && !api.closing.is_cancelled() && stored.await {
        (StatusCode::OK, Json(json!({"status": "ready"})))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "not_ready"})))
    }
}

fn connected(works: bool) -> &'static str {
    if works { "connected" } else { "disconnected" }
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
