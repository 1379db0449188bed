//! `GET /devices/{id}/deliveries`: the events that its webhook has not taken, newest first.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{DeliveryRecord, DeliveryStatus, EventId, EventKind, Jid, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    api::Api,
    error::ApiError,
    extract::{PathDevice, Query},
    openapi::Operation,
    reply::Success,
    views::{PageQuery, Pagination},
};

#[derive(JsonSchema, Deserialize)]
pub struct Filter {
    /// Only those that wait, or only those that were given up.
    status: Option<DeliveryStatus>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Deliveries")]
pub struct Response {
    deliveries: Vec<DeliveryView>,
    pagination: Pagination,
}

/// An event that the webhook has not taken.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Delivery")]
#[serde(rename_all = "camelCase")]
struct DeliveryView {
    /// The event's.
    id: EventId,
    event: EventKind,
    seq: u64,
    /// What it keeps its order within.
    chat_id: Option<Jid>,
    /// When it happened.
    timestamp: Timestamp,
    status: DeliveryStatus,
    /// Tries that failed.
    attempts: u32,
    /// While it waits.
    next_attempt_at: Option<Timestamp>,
    /// If it was given up.
    failed_at: Option<Timestamp>,
    /// Why the last try failed: `timeout`, `connection`, `status_500`, `redirect`, `address_refused` …
    reason: Option<String>,
}

impl From<DeliveryRecord> for DeliveryView {
    fn from(record: DeliveryRecord) -> Self {
        let at = |status| Some(record.next_or_failed_at).filter(|_| record.status == status);
        Self {
            id: record.event,
            event: record.kind,
            seq: record.seq,
            chat_id: record.chat,
            timestamp: record.at,
            status: record.status,
            attempts: record.attempts,
            next_attempt_at: at(DeliveryStatus::Pending),
            failed_at: at(DeliveryStatus::Failed),
            reason: record.reason,
        }
    }
}

pub fn doc() -> Operation {
    Operation::new("listDeliveries", "Deliveries", "List what a device's webhook has not taken")
        .describe("Events that arrived are counted in the webhook's statistics and not listed.")
        .query::<Filter>()
        .query::<PageQuery<50>>()
        .answers::<Response>(
            200,
            "A page of events on their way to the webhook, or given up, newest first.",
            json!({
                "success": true,
                "data": {
                    "deliveries": [{
                        "id": "evt_018cc5a1e2800123456789abcdef",
                        "event": "message_received",
                        "seq": 42,
                        "chatId": "1234567890@s.whatsapp.net",
                        "timestamp": "2024-01-01T10:00:00Z",
                        "status": "failed",
                        "attempts": 4,
                        "nextAttemptAt": null,
                        "failedAt": "2024-01-01T10:00:07Z",
                        "reason": "status_500",
                    }],
                    "pagination": Pagination::example(),
                },
            }),
        )
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Query(filter): Query<Filter>,
    Query(page): Query<PageQuery<50>>,
) -> Result<Success<Response>, ApiError> {
    let request = page.request();
    let page = api.deliveries.list(&device.id, filter.status, &request).await?;
    let pagination = Pagination::of(&request, &page);
    Ok(Success::of(Response { deliveries: page.items.into_iter().map(DeliveryView::from).collect(), pagination }))
}
