//! `POST /devices/{id}/relogin`

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{TOKEN, World, answer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_linked_device_leaves_its_account_and_may_be_linked_to_another() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let cici = world.phone("6281100000003", "Cici").await;
    let device = world.device("Toko").await;
    let companion = world.link(&device, &ani).await;
    let sent = device.sent(&world.program, &cici.number, "from Ani").await;

    let path = format!("/devices/{}", device.id);
    let relogin = answer(world.program.request(Method::POST, &format!("{path}/relogin"))).await;
    assert_eq!((relogin.status, &relogin.body["success"]), (200, &json!(true)), "{:?}", relogin.body);
    assert_eq!(relogin.body["message"], "Relogin initiated");
    let ws_endpoint = format!("{}?token={TOKEN}", world.program.socket);
    let expected = json!({"deviceId": device.id, "status": "connecting", "qrRequired": true, "wsEndpoint": ws_endpoint});
    assert_eq!(relogin.body["data"], expected);
    assert!(!ani.unlink_if_linked(companion).await, "it has left the old account");
    let found = world.program.get(&path).await;
    assert_eq!(found.body["data"]["device"]["phoneNumber"], Value::Null);

    world.link(&device, &budi).await;
    let found = world.program.get(&path).await;
    assert_eq!(found.body["data"]["device"]["phoneNumber"], "+6281100000002");
    device.sent(&world.program, &cici.number, "from Budi").await;
    assert_eq!(cici.wait_for("from Budi").await["from"], budi.jid());
    world.wait_for_message(&sent, "delivered").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_account_may_be_linked_again() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let device = world.device("Toko").await;
    let companion = world.link(&device, &ani).await;
    device.sent(&world.program, &budi.number, "before").await;
    assert_eq!(world.program.post(&format!("/devices/{}/relogin", device.id), &json!({})).await.status, 200);
    world.link(&device, &ani).await;
    assert!(!ani.unlink_if_linked(companion).await, "it is not linked twice");
    device.sent(&world.program, &budi.number, "after").await;
    budi.wait_for("after").await;
    let answered = budi.write(&ani.number, "seen both").await;
    world.wait_for_message(&answered, "delivered").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_is_not_linked_gets_a_new_code() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let path = format!("/devices/{}", device.id);
    let mut codes = Vec::new();
    for _ in 0..2 {
        let relogin = world.program.post(&format!("{path}/relogin"), &json!({})).await;
        assert_eq!((relogin.status, &relogin.body["data"]["qrRequired"]), (200, &json!(true)));
        codes.push(world.program.get(&format!("{path}/qr")).await.body["data"]["qrCode"].as_str().unwrap().to_owned());
    }
    assert_ne!(codes[0], codes[1]);
}
