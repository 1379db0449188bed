//! Many messages asked for at once.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{BulkId, DeviceId, SessionId, Timestamp};

/// A text to many people, sent one after another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bulk {
    /// Names it.
    pub id: BulkId,
    /// The device it goes through.
    pub device_id: DeviceId,
    /// The same device's session id.
    pub session_id: SessionId,
    /// How many messages it has.
    pub size: u32,
    /// The least time between two of them.
    pub delay: Duration,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When its user stopped it.
    pub cancelled_at: Option<Timestamp>,
}

/// How far the messages of a bulk are. Each is counted once, by its status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BulkProgress {
    /// To be sent.
    pub pending: u64,
    /// Taken by WhatsApp.
    pub sent: u64,
    /// On the other side's phone.
    pub delivered: u64,
    /// Seen by the other side.
    pub read: u64,
    /// Will not be sent; cancelled ones are among them.
    pub failed: u64,
}

/// A message's place in a bulk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BulkPart {
    /// The bulk.
    pub id: BulkId,
    /// Counts from 0.
    pub index: u32,
    /// The bulk's delay, so that whoever sends the message can keep it.
    pub delay_ms: u32,
}
