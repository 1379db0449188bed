//! `POST /device/send`, and all else that is sent by a device's key

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::world::{Device, Form, PDF, TOKEN, World, answer, assert_like, png, put_at};

const REQUEST: &str = r#"{
    "recipient": "1234567890@s.whatsapp.net",
    "message": "Hello via device API key!",
    "type": "text",
    "options": {
        "quoted": false,
        "linkPreview": true
    }
}"#;

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Message sent successfully",
    "data": {
        "messageId": "msg_123456789",
        "recipient": "1234567890@s.whatsapp.net",
        "timestamp": "2024-01-01T10:00:00Z",
        "status": "sent",
        "messageType": "text"
    }
}"#;

async fn key(world: &World, device: &Device) -> String {
    let answer = world.program.get(&format!("/devices/{}", device.id)).await;
    answer.body["data"]["device"]["apiKey"].as_str().unwrap().to_owned()
}

/// A request with a device's key alone.
fn by_key(world: &World, path: &str, key: &str) -> RequestBuilder {
    world.program.anonymous(Method::POST, path).header("x-device-api-key", key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_example_sends_a_text_with_or_without_a_token() {
    let world = World::new().await;
    let (ani, friend) = (world.phone("6281100000001", "Ani").await, world.phone("1234567890", "Friend").await);
    let device = world.linked("My Device", &ani).await;
    let key = key(&world, &device).await;
    for token in [Some(TOKEN), None] {
        let request = by_key(&world, "/device/send", &key).header("content-type", "application/json").body(REQUEST);
        let sent = answer(token.into_iter().fold(request, |request, token| request.header("x-api-token", token))).await;
        assert_eq!(sent.status, 200, "{:?}", sent.body);
        assert_like(&sent.body, RESPONSE);
        assert_eq!(sent.body["data"]["recipient"], friend.jid());
        let shown = friend.got(sent.body["data"]["messageId"].as_str().unwrap()).await;
        assert_eq!((&shown["text"], &shown["from"]), (&json!("Hello via device API key!"), &json!(ani.jid())));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_the_device_whatever_session_the_body_names() {
    let (world, device, ani, budi) = World::pair().await;
    let citra = world.phone("6281100000003", "Citra").await;
    let other = world.linked("Other", &citra).await;
    let key = key(&world, &device).await;
    let body = json!({"sessionId": other.session_id, "recipient": budi.number, "message": "siapa?"});
    let sent = answer(by_key(&world, "/device/send", &key).json(&body)).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    assert_eq!(budi.wait_for("siapa?").await["from"], ani.jid());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_or_wrong_key_sends_nothing() {
    let (world, device, _ani, budi) = World::pair().await;
    let body = json!({"recipient": budi.number, "message": "x"});
    let key = key(&world, &device).await;
    let post = || world.program.anonymous(Method::POST, "/device/send").json(&body);
    for request in [
        post(),
        post().header("x-api-token", TOKEN),
        post().header("x-device-api-key", ""),
        post().header("x-device-api-key", &key[..key.len() - 1]),
        post().header("x-device-api-key", TOKEN),
        post().header("x-device-api-key", &key).header("x-api-token", "wrong"),
        post().header("x-device-api-key", &key).header("authorization", "Bearer wrong"),
    ] {
        let refused = answer(request).await;
        assert_eq!(refused.status, 401, "{:?}", refused.body);
    }
    assert!(budi.inbox().await.is_empty() && world.records(&device).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_sent_by_key_without_a_session() {
    let (world, device, _ani, budi) = World::pair().await;
    let key = key(&world, &device).await;
    let sent = async |path: &str, body: Value| {
        let mut body = body;
        body["recipient"] = budi.number.as_str().into();
        let sent = answer(by_key(&world, path, &key).json(&body)).await;
        assert_eq!(sent.status, 200, "{path}: {:?}", sent.body);
        sent.body["data"]["messageId"].as_str().unwrap().to_owned()
    };
    let text = sent("/device/send", json!({"message": "halo"})).await;
    for (path, body, kind) in [
        ("/device/send/location", json!({"latitude": 1, "longitude": 2}), "location"),
        ("/device/send/contact", json!({"contact": {"name": "Citra", "phone": "6281100000003"}}), "contact"),
        ("/device/send/poll", json!({"question": "?", "options": ["a", "b"]}), "poll"),
    ] {
        let id = sent(path, body).await;
        assert_eq!(budi.got(&id).await["type"], kind);
    }
    sent("/device/send/reaction", json!({"messageId": text, "emoji": "👍"})).await;
    budi.shows(&text, "with the reaction", |row| row["reactions"][0]["emoji"] == "👍").await;

    // The file first: the key tells whose it is.
    for form in [
        Form::new().file("image", "x.png", "image/png", &png()).text("recipient", &budi.number),
        Form::new().text("recipient", &budi.number).file("image", "x.png", "image/png", &png()),
    ] {
        let request = by_key(&world, "/device/send/image", &key).header("content-type", Form::content_type()).body(form.bytes());
        let sent = answer(request).await;
        assert_eq!(sent.status, 200, "{:?}", sent.body);
        world.arrived(&budi, sent.body["data"]["messageId"].as_str().unwrap(), &png()).await;
    }
    let place = answer(by_key(&world, "/device/media", &key).json(&json!({"fileName": "surat.pdf"}))).await;
    assert_eq!(place.status, 201, "{:?}", place.body);
    let stored = put_at(&place.body["data"]).body(PDF).send().await.unwrap();
    assert_eq!(stored.status(), 200);
    let id = sent("/device/send/document", json!({"mediaId": place.body["data"]["mediaId"]})).await;
    let (shown, _) = world.arrived(&budi, &id, PDF).await;
    assert_eq!(shown["fileName"], "surat.pdf");
}
