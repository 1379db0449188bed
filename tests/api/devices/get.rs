//! `GET /devices/{id}`

use serde_json::{Value, json};

use crate::world::{Answering, Receiver, World, assert_like, assert_schema, eventually, moment};

const RESPONSE: &str = r#"{
    "success": true,
    "data": {
        "device": {
            "id": "123",
            "userId": 123,
            "sessionId": "user_123_device_my_whatsapp_device",
            "alias": "My WhatsApp Device",
            "description": "Device for customer support",
            "status": "connected",
            "phoneNumber": "+1234567890",
            "apiKey": "device_api_key_here",
            "isConnected": true,
            "lastSeen": "2024-01-01T10:00:00Z",
            "createdAt": "2024-01-01T10:00:00Z",
            "updatedAt": "2024-01-01T10:00:00Z",
            "stats": {
                "messagesSent": 150,
                "messagesReceived": 89,
                "uptime": "24h 30m",
                "lastRestart": "2024-01-01T09:00:00Z"
            },
            "webhookSettings": {
                "enabled": true,
                "url": "https://your-webhook.com/whatsapp",
                "events": ["message", "connection", "qr"],
                "lastDelivery": "2024-01-01T10:00:00Z",
                "status": "active"
            },
            "aiSettings": {
                "enabled": true,
                "autoReply": true,
                "botName": "Support Bot",
                "language": "id",
                "maxTokens": 500,
                "temperature": 0.7
            }
        }
    }
}"#;

/// The contract's device schema.
const SCHEMA: &str = r#"{
    "id": "string",
    "userId": "number",
    "sessionId": "string",
    "alias": "string",
    "description": "string|null",
    "status": "pending|connecting|connected|disconnected|error",
    "phoneNumber": "string|null",
    "apiKey": "string",
    "isConnected": "boolean",
    "createdAt": "string (ISO 8601)",
    "updatedAt": "string (ISO 8601)",
    "lastSeen": "string (ISO 8601)|null",
    "stats": {
        "messagesSent": "number",
        "messagesReceived": "number",
        "uptime": "string",
        "lastRestart": "string (ISO 8601)"
    },
    "webhookSettings": "WebhookSettings",
    "aiSettings": "AISettings"
}"#;

/// The same for a device that was never started and has no webhook.
pub const SCHEMA_OF_A_NEW_DEVICE: &str = r#"{
    "id": "string",
    "userId": "number",
    "sessionId": "string",
    "alias": "string",
    "description": "string|null",
    "status": "pending",
    "phoneNumber": "null",
    "apiKey": "string",
    "isConnected": "boolean",
    "createdAt": "string (ISO 8601)",
    "updatedAt": "string (ISO 8601)",
    "lastSeen": "null",
    "stats": {
        "messagesSent": "number",
        "messagesReceived": "number",
        "uptime": "string",
        "lastRestart": "null"
    },
    "webhookSettings": "WebhookSettings|null",
    "aiSettings": "AISettings"
}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_at_work_has_everything_the_contract_shows() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let receiver = Receiver::start().await;
    let device = world
        .device_of(json!({"userId": 123, "alias": "My WhatsApp Device", "description": "Device for customer support",
            "webhook": {"url": receiver.url, "events": ["message", "connection", "qr"]},
            "aiSettings": {"enabled": true, "autoReply": true, "botName": "Support Bot"}}))
        .await;
    world.link(&device, &ani).await;
    device.sent(&world.program, "6281100000002", "one").await;
    device.sent(&world.program, "6281100000002", "two").await;
    budi.write(&ani.number, "three").await;
    receiver.wait_for("the message", |body| body["event"] == "message_received").await;
    let got = eventually("the delivery is on record", async || {
        let got = world.program.get(&format!("/devices/{}", device.id)).await;
        let on_record = got.body["data"]["device"]["webhookSettings"]["lastDelivery"].is_string();
        (on_record && got.body["data"]["device"]["stats"]["messagesReceived"] == 1).then_some(got)
    })
    .await;

    assert_eq!(got.status, 200);
    assert_like(&got.body, RESPONSE);
    let found = &got.body["data"]["device"];
    assert_schema(found, SCHEMA);
    assert_eq!(found["stats"]["messagesSent"], 2);
    assert_eq!(found["stats"]["uptime"], "0h 0m");
    assert_eq!((&found["status"], &found["isConnected"]), (&json!("connected"), &json!(true)));
    assert_eq!(found["phoneNumber"], "+6281100000001");
    assert_eq!(found["lid"], ani.lid);
    assert_eq!(found["webhookSettings"]["url"], receiver.url);
    assert_eq!(found["webhookSettings"]["events"], json!(["message", "connection", "qr"]));
    assert_eq!(found["webhookSettings"]["status"], "active");
    let [created, restarted, seen] = [&found["createdAt"], &found["stats"]["lastRestart"], &found["lastSeen"]].map(moment);
    assert!(created <= restarted && restarted <= seen, "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_refuses_is_failing() {
    let world = World::new().await;
    let receiver = Receiver::start().await;
    receiver.answer(Answering::Status(500));
    let device = world.device_of(json!({"userId": 123, "alias": "Toko", "webhook": {"url": receiver.url, "retryCount": 0}})).await;
    assert_eq!(world.program.post(&format!("/devices/{}/connect", device.id), &json!({})).await.status, 200);
    eventually("the webhook is failing", async || {
        let got = world.program.get(&format!("/devices/{}", device.id)).await;
        let settings = &got.body["data"]["device"]["webhookSettings"];
        (settings["status"] == "failing" && settings["lastDelivery"] == Value::Null).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_device_has_the_same_fields_with_nothing_in_them() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let got = world.program.get(&format!("/devices/{}", device.id)).await;
    let found = &got.body["data"]["device"];
    assert_schema(found, SCHEMA_OF_A_NEW_DEVICE);
    assert_eq!(found["stats"], json!({"messagesSent": 0, "messagesReceived": 0, "uptime": "0h 0m", "lastRestart": null}));
    assert_eq!((&found["webhookSettings"], &found["description"], &found["isConnected"]), (&Value::Null, &Value::Null, &json!(false)));
}
