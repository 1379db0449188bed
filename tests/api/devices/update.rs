//! `PUT /devices/{id}`

use futures::join;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, Device, World, answer, assert_schema, moment};

const REQUEST: &str = r#"{
    "alias": "Updated Device Name",
    "description": "Updated description",
    "webhook": {
        "url": "https://new-webhook.com/whatsapp",
        "events": ["message", "connection"]
    },
    "aiSettings": {
        "enabled": false
    }
}"#;

async fn update(world: &World, device: &Device, body: Value) -> Answer {
    world.program.put(&format!("/devices/{}", device.id), &body).await
}

/// Updates and answers the device.
async fn updated(world: &World, device: &Device, body: Value) -> Value {
    let answer = update(world, device, body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let got = world.program.get(&format!("/devices/{}", device.id)).await;
    assert_eq!(got.body["data"]["device"], answer.body["data"]["device"], "what is told is what is there");
    got.body["data"]["device"].clone()
}

async fn full_device(world: &World) -> Device {
    let webhook = json!({"url": "http://127.0.0.1:9/hook", "events": ["qr"], "enabled": false, "secret": "s", "retryCount": 7});
    let ai = json!({"enabled": true, "autoReply": true, "botName": "Support Bot", "workingHours": {"start": "08:00"}});
    world.device_of(json!({"userId": 123, "alias": "My WhatsApp Device", "description": "d", "webhook": webhook, "aiSettings": ai})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_example_changes_what_it_names_and_leaves_the_rest() {
    let world = World::new().await;
    let device = full_device(&world).await;
    let before = world.program.get(&format!("/devices/{}", device.id)).await.body["data"]["device"].clone();
    let request = world.program.request(Method::PUT, &format!("/devices/{}", device.id));
    let done = answer(request.header("content-type", "application/json").body(REQUEST)).await;
    assert_eq!((done.status, &done.body["success"]), (200, &json!(true)), "{:?}", done.body);
    assert_eq!(done.body["message"], "Device updated successfully");
    let after = &done.body["data"]["device"];
    assert_schema(after, super::get::SCHEMA_OF_A_NEW_DEVICE);
    assert_eq!((&after["alias"], &after["description"]), (&json!("Updated Device Name"), &json!("Updated description")));
    let mut webhook = before["webhookSettings"].clone();
    webhook["url"] = json!("https://new-webhook.com/whatsapp");
    webhook["events"] = json!(["message", "connection"]);
    assert_eq!(after["webhookSettings"], webhook);
    let mut ai = before["aiSettings"].clone();
    ai["enabled"] = json!(false);
    assert_eq!(after["aiSettings"], ai);
    for field in ["id", "userId", "sessionId", "apiKey", "createdAt", "status"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert!(moment(&after["updatedAt"]) >= moment(&before["updatedAt"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_field_changes_alone() {
    let world = World::new().await;
    let device = full_device(&world).await;
    let mut expected = updated(&world, &device, json!({})).await;
    for (body, path, value) in [
        (json!({"alias": "New"}), "/alias", json!("New")),
        (json!({"description": "other"}), "/description", json!("other")),
        (json!({"description": null}), "/description", json!(null)),
        (json!({"webhook": {"events": ["message", "qr", "message"]}}), "/webhookSettings/events", json!(["message", "qr"])),
        (json!({"webhook": {"url": "http://127.0.0.1:9/other"}}), "/webhookSettings/url", json!("http://127.0.0.1:9/other")),
        (json!({"webhook": []}), "/webhookSettings/events", json!(["message", "qr"])),
        (json!({"webhook": {"events": []}}), "/webhookSettings/events", json!([])),
        (json!({"aiSettings": {"temperature": 1}}), "/aiSettings/temperature", json!(1.0)),
        (json!({"aiSettings": {"workingHours": {"end": "23:59"}}}), "/aiSettings/workingHours/end", json!("23:59")),
        (json!({"aiSettings": []}), "/aiSettings/enabled", json!(true)),
        (json!({"webhook": null}), "/webhookSettings", json!(null)),
        (json!({"userId": 7, "id": "mine", "status": "connected", "apiKey": "x", "sessionId": "x"}), "/userId", json!(123)),
    ] {
        let found = updated(&world, &device, body.clone()).await;
        *expected.pointer_mut(path).unwrap() = value;
        expected["updatedAt"] = found["updatedAt"].clone();
        assert_eq!(found, expected, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_was_removed_needs_a_url_to_come_back() {
    let world = World::new().await;
    let device = full_device(&world).await;
    updated(&world, &device, json!({"webhook": null})).await;
    for webhook in [json!({"events": ["qr"]}), json!({}), json!([])] {
        let refused = update(&world, &device, json!({"webhook": webhook})).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"));
        assert!(refused.body["error"]["details"].as_str().unwrap().starts_with("webhook.url: "));
    }
    let found = updated(&world, &device, json!({"webhook": {"url": "http://127.0.0.1:9/"}})).await;
    assert_eq!(found["webhookSettings"]["enabled"], true, "nothing of the old one came back");
    assert_eq!(found["webhookSettings"]["events"], json!(["message", "connection", "qr", "media", "status", "group", "ai"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alias_that_means_another_device_of_the_user_is_a_conflict() {
    let world = World::new().await;
    let (device, _other) = (world.device("Toko Satu").await, world.device("Toko Dua").await);
    world.device_of(json!({"userId": 7, "alias": "Toko Tiga"})).await;
    for alias in ["Toko Dua", "toko-dua", " TOKO DUA! "] {
        let conflict = update(&world, &device, json!({"alias": alias, "description": "lost"})).await;
        assert_eq!((conflict.status, conflict.code()), (409, "DEVICE_ALREADY_EXISTS"), "{alias}");
    }
    let found = updated(&world, &device, json!({})).await;
    assert_eq!((&found["alias"], &found["description"]), (&json!("Toko Satu"), &Value::Null), "a conflict changes nothing");
    for alias in ["TOKO satu", "Toko Tiga", "Toko Empat"] {
        let found = updated(&world, &device, json!({"alias": alias})).await;
        assert_eq!((found["alias"].as_str(), found["sessionId"].as_str()), (Some(alias), Some("user_123_device_toko_satu")));
    }
    let taken = world.program.post("/devices", &json!({"userId": 123, "alias": "Toko Satu"})).await;
    assert_eq!((taken.status, taken.code()), (409, "DEVICE_ALREADY_EXISTS"), "its session id is still in use");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_different_fields_at_once_all_take_effect() {
    let world = World::new().await;
    let device = full_device(&world).await;
    let answers = join!(
        update(&world, &device, json!({"alias": "A"})),
        update(&world, &device, json!({"description": "B"})),
        update(&world, &device, json!({"webhook": {"url": "http://127.0.0.1:9/c"}})),
        update(&world, &device, json!({"aiSettings": {"botName": "D"}})),
    );
    assert_eq!([answers.0.status, answers.1.status, answers.2.status, answers.3.status], [200; 4]);
    let found = updated(&world, &device, json!({})).await;
    assert_eq!((&found["alias"], &found["description"]), (&json!("A"), &json!("B")));
    assert_eq!((&found["webhookSettings"]["url"], &found["aiSettings"]["botName"]), (&json!("http://127.0.0.1:9/c"), &json!("D")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let device = full_device(&world).await;
    let before = updated(&world, &device, json!({})).await;
    for (body, field) in [
        (json!({"alias": "", "description": "lost"}), "alias"),
        (json!({"alias": "!?"}), "alias"),
        (json!({"alias": 7}), "alias"),
        (json!({"alias": "x".repeat(101)}), "alias"),
        (json!({"description": "x".repeat(1001)}), "description"),
        (json!({"webhook": {"url": "nowhere"}}), "webhook.url"),
        (json!({"webhook": "http://127.0.0.1:9/"}), "webhook"),
        (json!({"webhook": {"events": ["nonsense"]}}), "webhook.events[0]"),
        (json!({"aiSettings": {"temperature": 3}, "alias": "Lost"}), "aiSettings.temperature"),
        (json!({"aiSettings": {"workingHours": {"days": ["Monday"]}}}), "aiSettings.workingHours.days[0]"),
    ] {
        let refused = update(&world, &device, body.clone()).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{body}");
        let details = refused.body["error"]["details"].as_str().unwrap();
        assert!(details.starts_with(&format!("{field}: ")), "{body}: {details}");
    }
    let mut after = updated(&world, &device, json!({})).await;
    after["updatedAt"] = before["updatedAt"].clone();
    assert_eq!(after, before);
}
