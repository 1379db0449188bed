//! The live connection of a device in the contract's JSON.

use domain::model::{Device, DeviceId, SessionId, Status, Timestamp, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{device::presence, uptime};

/// A device's connection.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Session")]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    session_id: SessionId,
    device_id: DeviceId,
    user_id: UserId,
    status: Status,
    phone_number: Option<String>,
    started_at: Option<Timestamp>,
    last_activity: Option<Timestamp>,
    message_count: u64,
    uptime: String,
}

impl SessionView {
    /// The device's connection as it is now.
    pub fn of(device: Device, now: Timestamp) -> Self {
        let (is_connected, last_activity) = presence(&device, now);
        let up = device.session.connected_at.filter(|_| is_connected).map(|since| now.since(since)).unwrap_or_default();
        Self {
            session_id: device.session_id,
            device_id: device.id,
            user_id: device.user_id,
            status: device.session.status,
            phone_number: device.session.phone.map(|phone| phone.to_contact()),
            started_at: device.session.started_at,
            last_activity,
            message_count: device.counts.sent + device.counts.received,
            uptime: uptime(up),
        }
    }

    /// As it may be.
    pub fn example() -> Value {
        json!({
            "sessionId": "user_123_device_my_device",
            "deviceId": "123",
            "userId": 123,
            "status": "connected",
            "phoneNumber": "+1234567890",
            "startedAt": "2024-01-01T08:00:00Z",
            "lastActivity": "2024-01-01T10:00:00Z",
            "messageCount": 150,
            "uptime": "2h 30m",
        })
    }
}
