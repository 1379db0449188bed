//! `POST /devices/{id}/connect`

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::world::{TOKEN, World, answer, assert_like};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Connection initiated",
    "data": {
        "deviceId": "123",
        "status": "connecting",
        "qrRequired": true,
        "wsEndpoint": "ws://localhost:3001?token=your_token"
    }
}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_is_not_linked_asks_for_a_scan_however_often_it_is_connected() {
    let world = World::new().await;
    let device = world.device("My Device").await;
    let path = format!("/devices/{}/connect", device.id);
    let mut codes = Vec::new();
    for _ in 0..3 {
        // As the contract shows it: no body at all.
        let connecting = answer(world.program.request(Method::POST, &path)).await;
        assert_eq!(connecting.status, 200, "{:?}", connecting.body);
        assert_like(&connecting.body, RESPONSE);
        assert_eq!(connecting.body["message"], "Connection initiated");
        let ws_endpoint = format!("{}?token={TOKEN}", world.program.socket);
        let expected = json!({"deviceId": device.id, "status": "connecting", "qrRequired": true, "wsEndpoint": ws_endpoint});
        assert_eq!(connecting.body["data"], expected);
        let qr = world.program.get(&format!("/devices/{}/qr", device.id)).await;
        codes.push(qr.body["data"]["qrCode"].as_str().unwrap().to_owned());
    }
    assert!(codes[0] == codes[1] && codes[1] == codes[2], "a code that is being scanned stays good");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_linked_device_comes_back_without_a_scan_and_with_what_it_missed() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let device = world.linked("Toko", &ani).await;
    let path = format!("/devices/{}", device.id);
    let connected = world.program.post(&format!("{path}/connect"), &json!({})).await;
    assert_eq!((&connected.body["data"]["status"], &connected.body["data"]["qrRequired"]), (&json!("connected"), &json!(false)));

    assert_eq!(world.program.post(&format!("{path}/disconnect"), &json!({})).await.status, 200);
    let missed = budi.write(&ani.number, "while you were away").await;
    let back = world.program.post(&format!("{path}/connect"), &json!({})).await;
    assert_eq!((back.status, &back.body["data"]["qrRequired"]), (200, &json!(false)), "{:?}", back.body);
    world.wait_for_status(&device, "connected").await;
    world.wait_for_message(&missed, "delivered").await;
    device.sent(&world.program, &budi.number, "back again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_body_comes_along_is_not_looked_at() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    for (content_type, body) in [("application/json", ""), ("application/json", "{"), ("text/plain", "hello"), ("application/json", "[]")] {
        let request = world.program.request(Method::POST, &format!("/devices/{}/connect", device.id));
        let connecting = answer(request.header("content-type", content_type).body(body)).await;
        assert_eq!(connecting.status, 200, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_connects_at_once_are_one_connection() {
    let world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let device = world.device("Toko").await;
    let path = format!("/devices/{}/connect", device.id);
    let body = json!({});
    let answers = join_all((0..10).map(|_| world.program.post(&path, &body))).await;
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body["data"]["status"] == "connecting"), "{answers:?}");
    world.link(&device, &ani).await;
}
