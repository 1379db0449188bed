//! `POST /devices/{id}/settings/webhook/test`: hand the webhook something, and tell what it says to that.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{DeviceId, EventId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::works;
use crate::{
    api::Api,
    error::ApiError,
    extract::{Json, PathDevice},
    fields::Object,
    openapi::Operation,
    reply::Success,
};

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "TestWebhook")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The `data` of what is posted.
    #[serde(default)]
    test_payload: Object<Map<String, Value>>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "TestedWebhook")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    #[schemars(extend("const" = true))]
    delivered: bool,
    /// What the webhook answered with.
    status_code: u16,
    duration_ms: u64,
}

/// What the webhook is handed, to be signed like any event.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    event: &'static str,
    id: &'a EventId,
    device_id: &'a DeviceId,
    timestamp: Timestamp,
    data: Map<String, Value>,
}

pub fn doc() -> Operation {
    Operation::new("testWebhook", "Settings", "Test a device's webhook")
        .describe(
            "Posts `{event: \"test\", id, deviceId, timestamp, data, signature}` at once, signed and with the headers that events have, also to a \
             webhook that is disabled. One that takes it is taken up again if it was paused, and gets what waits.",
        )
        .takes::<Request>(json!({
            "testPayload": {"type": "test", "message": "This is a test webhook payload", "timestamp": "2024-01-01T10:00:00Z"},
        }))
        .answers::<Response>(
            200,
            "The webhook took it.",
            json!({
                "success": true,
                "message": "Webhook test delivered",
                "data": {"delivered": true, "statusCode": 200, "durationMs": 120},
            }),
        )
        .refuses([ApiError::WebhookDeliveryFailed { reason: String::new() }])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Json(Request { test_payload: Object(data) }): Json<Request>,
) -> Result<Success<Response>, ApiError> {
    let webhook =
        device.webhook.as_ref().ok_or_else(|| ApiError::Validation { details: "the device has no webhook: set its url first".into() })?;
    let (id, timestamp, begun) = (api.ids.event(), api.clock.now(), Instant::now());
    let body = Body { event: "test", id: &id, device_id: &device.id, timestamp, data };
    let body = serde_json::to_string(&body).expect("its keys are text");
    let answered = api.webhooks.hand(webhook, id.as_str(), &body, timestamp).await;
    let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = answered.map_err(|failure| ApiError::WebhookDeliveryFailed { reason: format!("{failure} after {duration_ms} ms") })?;
    works(&api, &device).await?;
    Ok(Success::with("Webhook test delivered", Response { delivered: true, status_code: status.as_u16(), duration_ms }))
}
