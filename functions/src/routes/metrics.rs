//! `GET /metrics`: figures for Prometheus.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use metrics::gauge;

use crate::{api::Api, error::ApiError};

pub async fn handle(State(api): State<Arc<Api>>) -> Result<Response, ApiError> {
    let Some(render) = &api.metrics else { return Err(ApiError::NotFound) };
    let now = api.clock.now();
    let snapshot = api.statistics.snapshot(now).await?;
    for (name, value) in [
        ("warta_devices", snapshot.devices),
        ("warta_devices_connected", snapshot.active_devices),
        ("warta_messages", snapshot.total_messages),
        ("warta_commands_waiting", snapshot.waiting_commands),
        ("warta_deliveries_waiting", snapshot.waiting_deliveries),
        ("warta_sockets_open", api.sockets.len() as u64),
        ("warta_uptime_seconds", now.since(api.started_at).as_secs()),
    ] {
        gauge!(name).set(value as f64);
    }
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], render()).into_response())
}
