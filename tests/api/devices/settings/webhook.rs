//! `GET` and `PUT /devices/{id}/settings/webhook`, `POST /devices/{id}/settings/webhook/test`

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::world::{Answer, Answering, Device, Receiver, Site, World, answer, assert_like, eventually, is_split};

/// The contract's answer to `GET /devices/123/settings/webhook`.
const SETTINGS: &str = r#"{
    "success": true,
    "data": {
        "webhookSettings": {
            "enabled": true,
            "url": "https://your-webhook.com/whatsapp",
            "events": ["message", "connection", "qr", "media"],
            "secret": "webhook_secret_here",
            "retryCount": 3,
            "timeout": 30000,
            "lastDelivery": "2024-01-01T10:00:00Z",
            "status": "active",
            "headers": {
                "Authorization": "Bearer your_token",
                "Content-Type": "application/json"
            },
            "statistics": {
                "totalSent": 1250,
                "successful": 1200,
                "failed": 50,
                "lastFailure": "2024-01-01T09:00:00Z"
            }
        }
    }
}"#;

/// The contract's request to `PUT /devices/123/settings/webhook`.
const UPDATE: &str = r#"{
    "enabled": true,
    "url": "https://new-webhook.com/whatsapp",
    "events": ["message", "connection", "qr", "media", "status"],
    "secret": "new_webhook_secret",
    "retryCount": 5,
    "timeout": 45000,
    "headers": {
        "Authorization": "Bearer new_token",
        "X-Custom-Header": "custom_value"
    }
}"#;

/// The contract's request to `POST /devices/123/settings/webhook/test`.
const TEST: &str = r#"{
    "testPayload": {
        "type": "test",
        "message": "This is a test webhook payload",
        "timestamp": "2024-01-01T10:00:00Z"
    }
}"#;

fn path(device: &Device) -> String {
    format!("/devices/{}/settings/webhook", device.id)
}

async fn settings(world: &World, device: &Device) -> Value {
    let got = world.program.get(&path(device)).await;
    assert_eq!(got.status, 200, "{:?}", got.body);
    got.body["data"]["webhookSettings"].clone()
}

/// Sends a body of the contract as it stands there.
async fn as_it_stands(world: &World, method: Method, path: &str, body: &'static str) -> Answer {
    answer(world.program.request(method, path).header("content-type", "application/json").body(body)).await
}

async fn test(world: &World, device: &Device) -> Answer {
    world.program.post(&format!("{}/test", path(device)), &json!({})).await
}

/// A device that has never been connected, with this webhook.
async fn device_with(world: &World, webhook: Value) -> Device {
    world.device_of(json!({"userId": 123, "alias": "Toko", "webhook": webhook})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_have_the_contracts_shape_with_what_was_delivered() {
    let world = World::with(&[("WEBHOOK_SPEED", "1000")]).await;
    let receiver = Receiver::start().await;
    receiver.answer(Answering::Status(500));
    let headers = json!({"Authorization": "Bearer your_token", "Content-Type": "application/json"});
    let webhook = json!({"url": receiver.url, "secret": "webhook_secret_here", "headers": headers, "retryCount": 0});
    let device = device_with(&world, webhook).await;
    assert_eq!(world.program.post(&format!("/devices/{}/connect", device.id), &json!({})).await.status, 200);
    let given_up = async || settings(&world, &device).await["statistics"]["failed"].as_u64();
    eventually("one is given up", async || (given_up().await > Some(0)).then_some(())).await;
    assert_eq!(settings(&world, &device).await["status"], "failing");
    receiver.answer(Answering::Ok);
    assert_eq!(world.program.post(&format!("/devices/{}/relogin", device.id), &json!({})).await.status, 200);
    let found = eventually("one arrives", async || {
        let got = world.program.get(&path(&device)).await;
        (got.body["data"]["webhookSettings"]["statistics"]["successful"].as_u64() > Some(0)).then_some(got.body)
    })
    .await;
    assert_like(&found, SETTINGS);
    let found = &found["data"]["webhookSettings"];
    assert_eq!((&found["status"], &found["secret"]), (&json!("active"), &json!("webhook_secret_here")));
    let count = |name: &str| found["statistics"][name].as_u64().unwrap();
    assert_eq!(count("totalSent"), count("successful") + count("failed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_request_sets_what_it_says() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let done = as_it_stands(&world, Method::PUT, &path(&device), UPDATE).await;
    assert_eq!((done.status, &done.body["success"]), (200, &json!(true)), "{:?}", done.body);
    assert_eq!(done.body["message"], "Webhook settings updated successfully");
    let set = &done.body["data"]["webhookSettings"];
    for (name, value) in serde_json::from_str::<Value>(UPDATE).unwrap().as_object().unwrap() {
        assert_eq!(set[name], *value, "{name}");
    }
    assert_eq!(settings(&world, &device).await, *set);
    let seen = world.program.get(&format!("/devices/{}", device.id)).await;
    assert_eq!(seen.body["data"]["device"]["webhookSettings"]["url"], "https://new-webhook.com/whatsapp");

    let again = world.program.put(&path(&device), &json!({})).await;
    assert_eq!((again.status, &again.body["data"]["webhookSettings"]), (200, set), "nothing is changed by nothing");
    let changed = world.program.put(&path(&device), &json!({"secret": null, "enabled": false, "headers": []})).await;
    let mut expected = set.clone();
    (expected["secret"], expected["enabled"], expected["headers"], expected["status"]) =
        (json!(null), json!(false), json!({}), json!("disabled"));
    assert_eq!(changed.body["data"]["webhookSettings"], expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_without_a_webhook_has_one_that_is_disabled_and_needs_a_url_to_come_to_life() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let nothing = settings(&world, &device).await;
    for (name, value) in [
        ("enabled", json!(false)),
        ("url", json!(null)),
        ("secret", json!(null)),
        ("headers", json!({})),
        ("status", json!("disabled")),
        ("lastDelivery", json!(null)),
        ("statistics", json!({"totalSent": 0, "successful": 0, "failed": 0, "lastFailure": null})),
    ] {
        assert_eq!(nothing[name], value, "{name}");
    }
    for body in [json!({}), json!({"enabled": true}), json!({"url": null})] {
        let refused = world.program.put(&path(&device), &body).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"));
        assert!(refused.body["error"]["details"].as_str().unwrap().starts_with("url: "), "{:?}", refused.body);
    }
    let refused = test(&world, &device).await;
    assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"));
    let set = world.program.put(&path(&device), &json!({"url": "http://127.0.0.1:9/"})).await;
    assert_eq!((set.status, &set.body["data"]["webhookSettings"]["status"]), (200, &json!("active")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let device = device_with(&world, json!({"url": "http://127.0.0.1:9/"})).await;
    let before = settings(&world, &device).await;
    for (body, field) in [
        (json!({"url": "nowhere"}), "url"),
        (json!({"events": ["nonsense"], "enabled": false}), "events[0]"),
        (json!({"retryCount": 1001}), "retryCount"),
        (json!({"retryCount": -1}), "retryCount"),
        (json!({"timeout": 10}), "timeout"),
        (json!({"timeout": "long"}), "timeout"),
        (json!({"secret": ""}), "secret"),
        (json!({"headers": {"a b": "x"}}), "headers"),
        (json!({"headers": {"Transfer-Encoding": "chunked"}}), "headers"),
        (json!({"enabled": "yes"}), "enabled"),
    ] {
        let refused = world.program.put(&path(&device), &body).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{body}");
        let details = refused.body["error"]["details"].as_str().unwrap();
        assert!(details.starts_with(&format!("{field}: ")), "{body}: {details}");
    }
    for body in [json!({"testPayload": "text"}), json!({"testPayload": [1]})] {
        let refused = world.program.post(&format!("{}/test", path(&device)), &body).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{body}");
    }
    assert_eq!(settings(&world, &device).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_is_posted_at_once_signed_and_with_the_webhooks_headers() {
    let world = World::new().await;
    let receiver = Receiver::start().await;
    let headers = json!({"Authorization": "Bearer new_token", "X-Custom-Header": "custom_value"});
    for enabled in [true, false] {
        let alias = format!("Toko {enabled}");
        let webhook = json!({"url": receiver.url, "secret": "hush", "headers": headers, "enabled": enabled});
        let device = world.device_of(json!({"userId": 123, "alias": alias, "webhook": webhook})).await;
        let done = as_it_stands(&world, Method::POST, &format!("{}/test", path(&device)), TEST).await;
        assert_eq!((done.status, &done.body["message"]), (200, &json!("Webhook test delivered")), "{:?}", done.body);
        assert_eq!((&done.body["data"]["delivered"], &done.body["data"]["statusCode"]), (&json!(true), &json!(200)));
        assert!(done.body["data"]["durationMs"].is_u64());
        let posted = receiver.taken().pop().unwrap();
        assert_eq!((&posted.body["event"], &posted.body["deviceId"]), (&json!("test"), &json!(device.id)));
        assert_eq!(posted.body["data"], serde_json::from_str::<Value>(TEST).unwrap()["testPayload"]);
        assert_eq!(posted.headers["authorization"], "Bearer new_token");
        assert_eq!(posted.headers["x-custom-header"], "custom_value");
        let sign = |bytes: &[u8]| hex::encode(Hmac::<Sha256>::new_from_slice(b"hush").unwrap().chain_update(bytes).finalize().into_bytes());
        assert_eq!(posted.headers["x-signature"], format!("sha256={}", sign(&posted.bytes)));
        let inner = posted.body["signature"].as_str().unwrap();
        let unsigned = std::str::from_utf8(&posted.bytes).unwrap().replace(&format!(r#","signature":"{inner}""#), "");
        assert_eq!(inner, sign(unsigned.as_bytes()));
        assert_eq!(posted.headers["webhook-id"], posted.body["id"].as_str().unwrap());
        assert_eq!(test(&world, &device).await.status, 200, "the payload may be left out");
        assert_eq!(receiver.taken().pop().unwrap().body["data"], json!({}));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_that_fails_says_why() {
    let mut world = World::new().await;
    let (receiver, elsewhere) = (Receiver::start().await, Site::serving(vec![]).await);
    let device = device_with(&world, json!({"url": receiver.url, "timeout": 1000})).await;
    for (answering, reason) in [
        (Answering::Status(500), "status_500"),
        (Answering::Status(404), "status_404"),
        (Answering::Elsewhere(elsewhere.page("/hook")), "redirect"),
        (Answering::Slowly(Duration::from_secs(3600)), "timeout"),
    ] {
        receiver.answer(answering);
        let failed = test(&world, &device).await;
        assert_eq!((failed.status, failed.code()), (500, "WEBHOOK_DELIVERY_FAILED"), "{:?}", failed.body);
        let details = failed.body["error"]["details"].as_str().unwrap();
        assert!(details.starts_with(&format!("{reason} after ")), "{details}");
    }
    for (url, reason) in [("http://127.0.0.1:9/", "connection"), ("http://10.0.0.1/", "address_refused"), ("http://[zz]/", "invalid_url")] {
        if is_split() && reason == "address_refused" {
            // There is no address that may be asked here because it is this machine's own.
            world.program.terminate().await;
            world.start_with(&[("ALLOW_PRIVATE_URLS", "false")]).await;
        }
        assert_eq!(world.program.put(&path(&device), &json!({"url": url})).await.status, 200);
        let failed = test(&world, &device).await;
        assert_eq!((failed.status, failed.code()), (500, "WEBHOOK_DELIVERY_FAILED"), "{url}: {:?}", failed.body);
        assert!(failed.body["error"]["details"].as_str().unwrap().starts_with(reason), "{url}: {:?}", failed.body);
    }
}
