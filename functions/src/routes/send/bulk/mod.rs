//! `/send/bulk`

pub mod cancel;
pub mod create;
pub mod get;

use domain::model::{Bulk, BulkId, BulkProgress, Jid, Message, MessageId, MessageStatus, SessionId, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{api::Api, auth::Caller, error::ApiError};

/// How far a bulk is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BulkStatus {
    /// Nothing of it was sent yet.
    Pending,
    /// Some of it was.
    Sending,
    /// All of it was sent, or will not be.
    Completed,
    /// Its user stopped it.
    Cancelled,
}

/// How far the messages are; each is counted once.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "BulkProgress")]
pub struct Progress {
    pending: u64,
    sent: u64,
    delivered: u64,
    read: u64,
    failed: u64,
}

/// Everything there is to say of a bulk but its messages.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Bulk")]
#[serde(rename_all = "camelCase")]
pub struct BulkView {
    bulk_id: BulkId,
    session_id: SessionId,
    status: BulkStatus,
    total: u32,
    progress: Progress,
    /// Milliseconds.
    delay: u64,
    created_at: Timestamp,
    cancelled_at: Option<Timestamp>,
}

/// A message of a bulk.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BulkMessage {
    message_id: MessageId,
    recipient: Jid,
    status: MessageStatus,
    error: Option<String>,
}

impl BulkView {
    fn example(message: Option<&str>) -> Value {
        let mut example = json!({
            "success": true,
            "data": {
                "bulkId": "blk_123456789",
                "sessionId": "user_123_device_my_device",
                "status": "sending",
                "total": 2,
                "progress": {"pending": 1, "sent": 0, "delivered": 1, "read": 0, "failed": 0},
                "delay": 2000,
                "createdAt": "2024-01-01T10:00:00Z",
                "cancelledAt": null,
            },
        });
        if let Some(message) = message {
            example["message"] = message.into();
            example["data"]["status"] = "cancelled".into();
            example["data"]["cancelledAt"] = "2024-01-01T10:00:01Z".into();
        }
        example
    }

    fn of(bulk: Bulk, progress: BulkProgress) -> Self {
        Self {
            status: BulkStatus::of(&bulk, &progress),
            bulk_id: bulk.id,
            session_id: bulk.session_id,
            total: bulk.size,
            progress: Progress {
                pending: progress.pending,
                sent: progress.sent,
                delivered: progress.delivered,
                read: progress.read,
                failed: progress.failed,
            },
            delay: delay_ms(bulk.delay),
            created_at: bulk.created_at,
            cancelled_at: bulk.cancelled_at,
        }
    }
}

impl BulkStatus {
    fn of(bulk: &Bulk, progress: &BulkProgress) -> Self {
        match progress.pending {
            _ if bulk.cancelled_at.is_some() => Self::Cancelled,
            0 => Self::Completed,
            pending if pending == u64::from(bulk.size) => Self::Pending,
            _ => Self::Sending,
        }
    }
}

impl From<Message> for BulkMessage {
    fn from(message: Message) -> Self {
        Self { message_id: message.id, recipient: message.to.unwrap_or(message.chat), status: message.status, error: message.error }
    }
}

/// The bulk, if its device exists for the caller.
async fn find(api: &Api, caller: &Caller, id: &str) -> Result<Bulk, ApiError> {
    let id = BulkId::parse(id).map_err(|_| ApiError::BulkNotFound)?;
    let bulk = api.bulks.get(&id).await?.ok_or(ApiError::BulkNotFound)?;
    match caller.device(api, &bulk.device_id).await {
        Ok(_) => Ok(bulk),
        Err(ApiError::DeviceNotFound) => Err(ApiError::BulkNotFound),
        Err(error) => Err(error),
    }
}

fn delay_ms(delay: std::time::Duration) -> u64 {
    u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::model::DeviceId;

    use super::*;

    #[test]
    fn a_bulk_is_pending_until_something_was_sent_and_completed_once_all_was() {
        let mut bulk = Bulk {
            id: BulkId::parse("blk_1").unwrap(),
            device_id: DeviceId::parse("dev_1").unwrap(),
            session_id: SessionId::parse("user_1_device_a").unwrap(),
            size: 3,
            delay: Duration::from_secs(2),
            created_at: Timestamp::from_millis(0),
            cancelled_at: None,
        };
        let status = |bulk: &Bulk, pending, failed| BulkStatus::of(bulk, &BulkProgress { pending, failed, ..BulkProgress::default() });
        assert_eq!(status(&bulk, 3, 0), BulkStatus::Pending);
        assert_eq!(status(&bulk, 2, 1), BulkStatus::Sending);
        assert_eq!(status(&bulk, 0, 3), BulkStatus::Completed);
        bulk.cancelled_at = Some(Timestamp::from_millis(1));
        assert_eq!(status(&bulk, 2, 1), BulkStatus::Cancelled);
    }
}
