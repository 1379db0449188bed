//! `POST /devices`

use std::collections::BTreeSet;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, TOKEN, World, answer, assert_like, assert_schema, moment};

const REQUEST: &str = r#"{
    "userId": 123,
    "alias": "My WhatsApp Device",
    "description": "Device for customer support",
    "webhook": {
        "url": "https://your-webhook.com/whatsapp",
        "events": ["message", "connection", "qr"]
    },
    "aiSettings": {
        "enabled": true,
        "autoReply": true,
        "botName": "Support Bot"
    }
}"#;

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Device created successfully",
    "data": {
        "device": {
            "id": "123",
            "userId": 123,
            "sessionId": "user_123_device_my_whatsapp_device",
            "alias": "My WhatsApp Device",
            "description": "Device for customer support",
            "status": "pending",
            "apiKey": "device_api_key_here",
            "phoneNumber": null,
            "isConnected": false,
            "createdAt": "2024-01-01T10:00:00Z",
            "updatedAt": "2024-01-01T10:00:00Z"
        },
        "wsEndpoint": "ws://localhost:3001?token=your_token"
    }
}"#;

async fn create(world: &World, body: Value) -> Answer {
    world.program.post("/devices", &body).await
}

/// Fails unless the body is refused because of this field.
async fn refused(world: &World, body: Value, field: &str) {
    let answer = create(world, body.clone()).await;
    assert_eq!((answer.status, answer.code()), (400, "VALIDATION_ERROR"), "{body}");
    let details = answer.body["error"]["details"].as_str().unwrap();
    assert!(details.starts_with(&format!("{field}: ")) || details.starts_with(&format!("{field}[")), "{body}: {details}");
}

fn with(field: &str, value: Value) -> Value {
    let mut body = json!({"userId": 123, "alias": "Toko"});
    body[field] = value;
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_example_makes_the_contracts_device() {
    let world = World::new().await;
    let request = world.program.request(Method::POST, "/devices").header("content-type", "application/json").body(REQUEST);
    let created = answer(request).await;
    assert_eq!(created.status, 201);
    assert_like(&created.body, RESPONSE);
    let device = &created.body["data"]["device"];
    assert_schema(device, super::get::SCHEMA_OF_A_NEW_DEVICE);
    for field in ["userId", "sessionId", "alias", "description", "status", "phoneNumber", "isConnected"] {
        let example: Value = serde_json::from_str(RESPONSE).unwrap();
        assert_eq!(device[field], example["data"]["device"][field], "{field}");
    }
    assert_eq!(created.body["message"], "Device created successfully");
    assert_eq!(device["createdAt"], device["updatedAt"]);
    assert_eq!(device["webhookSettings"]["url"], "https://your-webhook.com/whatsapp");
    assert_eq!(device["webhookSettings"]["events"], json!(["message", "connection", "qr"]));
    assert_eq!(device["aiSettings"]["botName"], "Support Bot");
    assert_eq!(created.body["data"]["wsEndpoint"], format!("{}?token={TOKEN}", world.program.socket));
    moment(&device["createdAt"]);

    let got = world.program.get(&format!("/devices/{}", device["id"].as_str().unwrap())).await;
    assert_eq!(got.body["data"]["device"], *device, "what was created is what is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alias_makes_one_device_of_a_user_whatever_its_case_and_punctuation() {
    let world = World::new().await;
    assert_eq!(create(&world, json!({"userId": 123, "alias": "My Device"})).await.status, 201);
    for alias in ["My Device", "my device", "My-Device!", "  MY__DEVICE  ", "my.device", "(My) «Device»"] {
        let again = create(&world, json!({"userId": 123, "alias": alias})).await;
        assert_eq!((again.status, again.code()), (409, "DEVICE_ALREADY_EXISTS"), "{alias}");
    }
    assert_eq!(create(&world, json!({"userId": 123, "alias": "MyDevice"})).await.status, 201, "another word");
    assert_eq!(create(&world, json!({"userId": 12, "alias": "My Device"})).await.status, 201, "another user");
    let list = world.program.get("/users/123/devices").await;
    assert_eq!(list.body["data"]["pagination"]["total"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_requests_at_once_with_one_alias_one_makes_the_device() {
    let world = World::new().await;
    let answers = join_all((0..20).map(|_| create(&world, json!({"userId": 1, "alias": "Toko"})))).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(409)), (1, 19));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aliases_of_any_script_make_session_ids_that_can_be_sent_with() {
    let world = World::new().await;
    let mut sessions = BTreeSet::new();
    for (alias, session) in [
        ("東京 支店", "user_7_device_東京_支店"),
        ("Élan Café", "user_7_device_élan_café"),
        ("Магазин №1", "user_7_device_магазин_1"),
        ("متجر", "user_7_device_متجر"),
        ("Toko 🚀 Kita", "user_7_device_toko_kita"),
        ("दुकान", "user_7_device_दुकान"),
    ] {
        let created = create(&world, json!({"userId": 7, "alias": alias})).await;
        assert_eq!(created.status, 201, "{alias}: {:?}", created.body);
        let device = &created.body["data"]["device"];
        assert_eq!((device["alias"].as_str(), device["sessionId"].as_str()), (Some(alias), Some(session)));
        assert!(sessions.insert(session));
        let sent = world.program.post("/send", &json!({"sessionId": session, "recipient": "6281100000002", "message": "x"})).await;
        assert_eq!(sent.code(), "DEVICE_NOT_CONNECTED", "{alias} is found");
    }
    for alias in ["🚀", "!?", "---", " ", "\u{200b}"] {
        refused(&world, json!({"userId": 7, "alias": alias}), "alias").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_id_is_a_whole_number_that_every_json_reader_reads_alike() {
    let world = World::new().await;
    for id in [0_u64, 1, (1 << 53) - 1] {
        let created = create(&world, json!({"userId": id, "alias": "Toko"})).await;
        assert_eq!((created.status, created.body["data"]["device"]["userId"].as_u64()), (201, Some(id)));
        let list = world.program.get(&format!("/users/{id}/devices")).await;
        assert_eq!(list.body["data"]["pagination"]["total"], 1);
    }
    for id in [json!(-1), json!(1.5), json!(1_u64 << 53), json!(u64::MAX), json!("123"), json!(true), json!([]), json!({}), json!(null)] {
        refused(&world, with("userId", id), "userId").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alias_has_1_to_100_characters_and_a_description_up_to_1000() {
    let world = World::new().await;
    for (field, value) in [
        ("alias", json!("x".repeat(100))),
        ("alias", json!("é".repeat(80))),
        ("description", json!("é".repeat(1000))),
        ("description", json!("")),
        ("description", json!(null)),
    ] {
        let mut body = with(field, value);
        body["userId"] = json!(body.to_string().len());
        let created = create(&world, body.clone()).await;
        assert_eq!(created.status, 201, "{:?}", created.body);
        assert_eq!(created.body["data"]["device"][field], body[field]);
    }
    for alias in [json!(""), json!("x".repeat(101)), json!(null), json!(7), json!(["a"])] {
        refused(&world, with("alias", alias), "alias").await;
    }
    for description in [json!("x".repeat(1001)), json!(7), json!(false)] {
        refused(&world, with("description", description), "description").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_nobody_knows_are_ignored_and_what_php_makes_of_nothing_is_nothing() {
    let world = World::new().await;
    let body = json!({"userId": 1, "alias": "Toko", "webhook": null, "aiSettings": [], "color": {"deep": [[[1]]]}, "id": "mine"});
    let created = create(&world, body).await;
    assert_eq!(created.status, 201, "{:?}", created.body);
    assert_eq!(created.body["data"]["device"]["webhookSettings"], Value::Null);
    assert_ne!(created.body["data"]["device"]["id"], "mine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_cannot_work_is_refused_by_its_field() {
    let world = World::new().await;
    let url = "http://127.0.0.1/hook";
    for (webhook, field) in [
        (json!({}), "webhook.url"),
        (json!([]), "webhook.url"),
        (json!({"events": ["qr"]}), "webhook.url"),
        (json!({"url": ""}), "webhook.url"),
        (json!({"url": null, "enabled": true}), "webhook.url"),
        (json!({"url": 7}), "webhook.url"),
        (json!({"url": "your-webhook.com"}), "webhook.url"),
        (json!({"url": "ftp://your-webhook.com"}), "webhook.url"),
        (json!({"url": "file:///etc/passwd"}), "webhook.url"),
        (json!({"url": "https://"}), "webhook.url"),
        (json!({"url": "https://your webhook.com"}), "webhook.url"),
        (json!({"url": format!("https://x.com/{}", "a".repeat(2048))}), "webhook.url"),
        (json!({"url": url, "events": "message"}), "webhook.events"),
        (json!({"url": url, "events": ["message", "nonsense"]}), "webhook.events"),
        (json!({"url": url, "events": vec!["qr"; 21]}), "webhook.events"),
        (json!({"url": url, "enabled": "yes"}), "webhook.enabled"),
        (json!({"url": url, "secret": ""}), "webhook.secret"),
        (json!({"url": url, "retryCount": -1}), "webhook.retryCount"),
        (json!({"url": url, "retryCount": 1001}), "webhook.retryCount"),
        (json!({"url": url, "timeout": 999}), "webhook.timeout"),
        (json!({"url": url, "timeout": 120_001}), "webhook.timeout"),
        (json!({"url": url, "headers": {"Host": "x"}}), "webhook.headers"),
        (json!({"url": url, "headers": {"a b": "x"}}), "webhook.headers"),
        (json!({"url": url, "headers": {"X-A": "line\r\nbreak"}}), "webhook.headers"),
        (json!({"url": url, "headers": {"X-A": 7}}), "webhook.headers.X-A"),
        (json!("https://your-webhook.com"), "webhook"),
    ] {
        refused(&world, with("webhook", webhook), field).await;
    }
    let full = json!({"enabled": false, "url": url, "events": ["message", "connection", "qr", "media", "status", "qr"], "secret": "s",
        "retryCount": 0, "timeout": 1000, "headers": {"Authorization": "Bearer new_token", "X-Custom-Header": "custom_value"}});
    let created = create(&world, with("webhook", full)).await;
    assert_eq!(created.status, 201, "{:?}", created.body);
    let settings = &created.body["data"]["device"]["webhookSettings"];
    assert_eq!(settings["events"], json!(["message", "connection", "qr", "media", "status"]));
    assert_eq!((&settings["enabled"], &settings["status"]), (&json!(false), &json!("disabled")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ai_settings_that_cannot_work_are_refused_by_their_field() {
    let world = World::new().await;
    for (settings, field) in [
        (json!("on"), "aiSettings"),
        (json!({"enabled": 1}), "aiSettings.enabled"),
        (json!({"autoReply": "yes"}), "aiSettings.autoReply"),
        (json!({"botName": ""}), "aiSettings.botName"),
        (json!({"language": "x"}), "aiSettings.language"),
        (json!({"maxTokens": 0}), "aiSettings.maxTokens"),
        (json!({"maxTokens": 1.5}), "aiSettings.maxTokens"),
        (json!({"temperature": 2.1}), "aiSettings.temperature"),
        (json!({"temperature": -0.1}), "aiSettings.temperature"),
        (json!({"temperature": "0.7"}), "aiSettings.temperature"),
        (json!({"model": ""}), "aiSettings.model"),
        (json!({"systemPrompt": "x".repeat(20_001)}), "aiSettings.systemPrompt"),
        (json!({"triggerKeywords": "help"}), "aiSettings.triggerKeywords"),
        (json!({"triggerKeywords": [7]}), "aiSettings.triggerKeywords"),
        (json!({"triggerKeywords": vec!["x"; 101]}), "aiSettings.triggerKeywords"),
        (json!({"excludeGroups": null, "workingHours": {"start": "9:00"}}), "aiSettings.workingHours.start"),
        (json!({"workingHours": {"end": "24:00"}}), "aiSettings.workingHours.end"),
        (json!({"workingHours": {"days": ["monday", "someday"]}}), "aiSettings.workingHours.days"),
        (json!({"autoResponses": [{"trigger": "hello"}]}), "aiSettings.autoResponses"),
        (json!({"autoResponses": [{"trigger": "", "response": "x"}]}), "aiSettings.autoResponses"),
    ] {
        refused(&world, with("aiSettings", settings), field).await;
    }
    let mut full: Value = serde_json::from_str(AI_SETTINGS).unwrap();
    full["dailyTokenLimit"] = 50_000.into();
    let created = create(&world, with("aiSettings", full.clone())).await;
    assert_eq!(created.status, 201, "{:?}", created.body);
    assert_eq!(created.body["data"]["device"]["aiSettings"], full);
    assert_schema(&created.body["data"]["device"]["aiSettings"], AI_SCHEMA);
}

/// The contract's request to `PUT /devices/123/settings/ai`.
const AI_SETTINGS: &str = r#"{
    "enabled": true,
    "autoReply": true,
    "botName": "Customer Support Bot",
    "language": "id",
    "maxTokens": 1000,
    "temperature": 0.8,
    "model": "gpt-4",
    "systemPrompt": "You are a helpful customer support assistant for an e-commerce platform.",
    "triggerKeywords": ["help", "support", "bantuan", "info"],
    "excludeGroups": true,
    "workingHours": {
        "enabled": true,
        "timezone": "Asia/Jakarta",
        "start": "08:00",
        "end": "20:00",
        "days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
    },
    "autoResponses": [
        {
            "trigger": "hello",
            "response": "Halo! Ada yang bisa saya bantu?"
        },
        {
            "trigger": "price",
            "response": "Untuk informasi harga, silakan kunjungi website kami atau hubungi sales team."
        }
    ]
}"#;

const AI_SCHEMA: &str = r#"{
    "enabled": "boolean",
    "autoReply": "boolean",
    "botName": "string",
    "language": "string",
    "maxTokens": "number",
    "temperature": "number",
    "model": "string",
    "systemPrompt": "string",
    "triggerKeywords": ["string"],
    "excludeGroups": "boolean",
    "workingHours": {
        "enabled": "boolean",
        "timezone": "string",
        "start": "string (HH:MM)",
        "end": "string (HH:MM)",
        "days": ["string"]
    },
    "autoResponses": [
        {
            "trigger": "string",
            "response": "string"
        }
    ]
}"#;
