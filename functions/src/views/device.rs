//! A device in the contract's JSON.

use domain::model::{AiSettings, ApiKey, Device, DeviceId, Jid, SessionId, Status, Timestamp, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{WebhookSummary, uptime};

/// Everything there is to say of a device.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Device")]
#[serde(rename_all = "camelCase")]
pub struct DeviceView {
    id: DeviceId,
    user_id: UserId,
    session_id: SessionId,
    alias: String,
    description: Option<String>,
    status: Status,
    reason: Option<String>,
    phone_number: Option<String>,
    lid: Option<Jid>,
    api_key: ApiKey,
    is_connected: bool,
    last_seen: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    stats: Stats,
    webhook_settings: Option<WebhookSummary>,
    ai_settings: AiSettings,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "DeviceStats")]
#[serde(rename_all = "camelCase")]
struct Stats {
    messages_sent: u64,
    messages_received: u64,
    uptime: String,
    last_restart: Option<Timestamp>,
}

impl DeviceView {
    /// The device as it is now.
    pub fn of(device: Device, now: Timestamp) -> Self {
        let (is_connected, last_seen) = presence(&device, now);
        let up = device.session.connected_at.filter(|_| is_connected).map(|since| now.since(since)).unwrap_or_default();
        let deliveries = device.deliveries;
        Self {
            id: device.id,
            user_id: device.user_id,
            session_id: device.session_id,
            alias: device.alias,
            description: device.description,
            status: device.session.status,
            reason: device.session.reason,
            phone_number: device.session.phone.as_ref().map(Jid::to_contact),
            lid: device.session.lid,
            api_key: device.api_key,
            is_connected,
            last_seen,
            created_at: device.created_at,
            updated_at: device.updated_at,
            stats: Stats {
                messages_sent: device.counts.sent,
                messages_received: device.counts.received,
                uptime: uptime(up),
                last_restart: device.session.started_at,
            },
            webhook_settings: device.webhook.map(|webhook| WebhookSummary::of(webhook, &deliveries)),
            ai_settings: device.ai,
        }
    }
}

impl DeviceView {
    /// As it may be.
    pub fn example() -> Value {
        json!({
            "id": "123",
            "userId": 123,
            "sessionId": "user_123_device_my_whatsapp_device",
            "alias": "My WhatsApp Device",
            "description": "Device for customer support",
            "status": "connected",
            "reason": null,
            "phoneNumber": "+1234567890",
            "lid": null,
            "apiKey": "device_api_key_here",
            "isConnected": true,
            "lastSeen": "2024-01-01T10:00:00Z",
            "createdAt": "2024-01-01T10:00:00Z",
            "updatedAt": "2024-01-01T10:00:00Z",
            "stats": {"messagesSent": 150, "messagesReceived": 89, "uptime": "24h 30m", "lastRestart": "2024-01-01T09:00:00Z"},
            "webhookSettings": {
                "enabled": true,
                "url": "https://your-webhook.com/whatsapp",
                "events": ["message", "connection", "qr"],
                "lastDelivery": "2024-01-01T10:00:00Z",
                "status": "active",
            },
            "aiSettings": AiSettings { enabled: true, auto_reply: true, bot_name: "Support Bot".into(), ..AiSettings::default() },
        })
    }
}

/// A device in a list.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceItem {
    id: DeviceId,
    user_id: UserId,
    session_id: SessionId,
    alias: String,
    description: Option<String>,
    status: Status,
    phone_number: Option<String>,
    last_seen: Option<Timestamp>,
    message_count: u64,
    is_connected: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl DeviceItem {
    /// The device as it is now.
    pub fn of(device: Device, now: Timestamp) -> Self {
        let (is_connected, last_seen) = presence(&device, now);
        Self {
            id: device.id,
            user_id: device.user_id,
            session_id: device.session_id,
            alias: device.alias,
            description: device.description,
            status: device.session.status,
            phone_number: device.session.phone.as_ref().map(Jid::to_contact),
            last_seen,
            message_count: device.counts.sent + device.counts.received,
            is_connected,
            created_at: device.created_at,
            updated_at: device.updated_at,
        }
    }
}

impl DeviceItem {
    /// As it may be.
    pub fn example() -> Value {
        json!({
            "id": "123",
            "userId": 123,
            "sessionId": "user_123_device_my_whatsapp_device",
            "alias": "My WhatsApp Device",
            "description": "Device for customer support",
            "status": "connected",
            "phoneNumber": "+1234567890",
            "lastSeen": "2024-01-01T10:00:00Z",
            "messageCount": 150,
            "isConnected": true,
            "createdAt": "2024-01-01T10:00:00Z",
            "updatedAt": "2024-01-01T10:00:00Z",
        })
    }
}

/// Whether WhatsApp hears from it, and when it last did.
pub(super) fn presence(device: &Device, now: Timestamp) -> (bool, Option<Timestamp>) {
    let is_connected = device.session.status == Status::Connected;
    (is_connected, if is_connected { Some(now) } else { device.session.last_seen })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::model::{DeliveryStats, MessageCounts, Session, WebhookSettings, WebhookUrl, session_id};

    fn device() -> Device {
        let user = UserId::parse(123).unwrap();
        let second = Timestamp::from_millis(1000);
        Device {
            id: DeviceId::parse("dev_1").unwrap(),
            user_id: user,
            session_id: session_id(user, "Toko").unwrap(),
            alias: "Toko".into(),
            description: None,
            api_key: ApiKey::new("wak_1"),
            webhook: Some(WebhookSettings::new(WebhookUrl::parse("https://example.com/").unwrap())),
            ai: AiSettings::default(),
            created_at: second,
            updated_at: second,
            session: Session {
                status: Status::Connected,
                phone: Some(Jid::parse("6281100000001").unwrap()),
                connected_at: Some(second),
                ..Session::new()
            },
            counts: MessageCounts { sent: 3, received: 4 },
            deliveries: DeliveryStats { last_failure: Some(second), failing_since: Some(second), ..DeliveryStats::default() },
        }
    }

    #[test]
    fn a_device_has_the_contracts_fields() {
        let view = serde_json::to_value(DeviceView::of(device(), Timestamp::from_millis(61_000))).unwrap();
        let expected = json!({
            "id": "dev_1",
            "userId": 123,
            "sessionId": "user_123_device_toko",
            "alias": "Toko",
            "description": null,
            "status": "connected",
            "reason": null,
            "phoneNumber": "+6281100000001",
            "lid": null,
            "apiKey": "wak_1",
            "isConnected": true,
            "lastSeen": "1970-01-01T00:01:01.000Z",
            "createdAt": "1970-01-01T00:00:01.000Z",
            "updatedAt": "1970-01-01T00:00:01.000Z",
            "stats": {"messagesSent": 3, "messagesReceived": 4, "uptime": "0h 1m", "lastRestart": null},
            "webhookSettings": {
                "enabled": true,
                "url": "https://example.com/",
                "events": ["message", "connection", "qr", "media", "status", "group", "ai"],
                "lastDelivery": null,
                "status": "failing",
            },
            "aiSettings": serde_json::to_value(AiSettings::default()).unwrap(),
        });
        assert_eq!(view, expected);
    }

    #[test]
    fn a_device_that_is_off_line_was_seen_when_it_was_last_heard_of() {
        let mut device = device();
        device.session.status = Status::Disconnected;
        device.session.last_seen = Some(Timestamp::from_millis(5000));
        let item = serde_json::to_value(DeviceItem::of(device, Timestamp::from_millis(61_000))).unwrap();
        assert_eq!(item["lastSeen"], "1970-01-01T00:00:05.000Z");
        assert_eq!((&item["isConnected"], &item["messageCount"]), (&json!(false), &json!(7)));
    }
}
