//! `/devices/{id}/passkey`

use serde_json::{Value, json};

use crate::world::{Answer, Device, Phone, World, eventually};

async fn passkey(world: &World, device: &Device) -> Answer {
    world.program.get(&format!("/devices/{}/passkey", device.id)).await
}

/// What linking asks of the passkey, once it is like this.
async fn waiting(world: &World, device: &Device, like: impl Fn(&Value) -> bool) -> Value {
    eventually("linking waits for the passkey", async || {
        let found = passkey(world, device).await;
        (found.status == 200 && like(&found.body["data"])).then(|| found.body["data"].clone())
    })
    .await
}

/// A device that an account with a passkey has scanned the code of.
async fn scanned() -> (World, Device, Phone) {
    let world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    ani.post("/passkey", json!({"required": true})).await;
    let device = world.device("Toko").await;
    world.program.post(&format!("/devices/{}/connect", device.id), &json!({})).await;
    let qr = world.program.get(&format!("/devices/{}/qr", device.id)).await;
    assert_eq!(qr.status, 200, "{:?}", qr.body);
    ani.post("/scan", json!({"qr": qr.body["data"]["qrCode"]})).await;
    (world, device, ani)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_with_a_passkey_is_linked_once_that_has_answered_and_both_codes_are_the_same() {
    let (world, device, ani) = scanned().await;
    let path = format!("/devices/{}/passkey", device.id);
    let asked = waiting(&world, &device, |_| true).await;
    assert!(asked["request"]["challenge"].is_string() && asked["code"].is_null(), "{asked}");
    let early = world.program.post(&format!("{path}/confirm"), &json!({})).await;
    assert_eq!((early.status, early.code()), (409, "CONFLICT"), "{:?}", early.body);

    let assertion = ani.post("/passkey/assertion", json!({"options": asked["request"]})).await;
    let answered = world.program.post(&path, &json!({"assertion": assertion})).await;
    assert_eq!((answered.status, &answered.body["message"]), (200, &json!("Answer handed in")), "{:?}", answered.body);
    let code = waiting(&world, &device, |passkey| passkey["code"].is_string()).await["code"].clone();
    let url = format!("http://{}/phones/{}/passkey", world.sandbox.addr(), ani.number);
    let shown: Value = crate::world::http().get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(shown["code"], code);

    let confirmed = world.program.post(&format!("{path}/confirm"), &json!({})).await;
    assert_eq!((confirmed.status, &confirmed.body["data"]["deviceId"]), (200, &json!(device.id)), "{:?}", confirmed.body);
    world.wait_for_status(&device, "connected").await;
    let over = passkey(&world, &device).await;
    assert_eq!((over.status, over.code()), (404, "NOT_FOUND"), "{:?}", over.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_linking_waits_for_no_passkey_there_is_nothing() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let path = format!("/devices/{}/passkey", device.id);
    let answer = json!({"assertion": {"id": "x", "response": {}}});
    for (path, body) in [(path.clone(), Some(&answer)), (format!("{path}/confirm"), Some(&json!({}))), (path.clone(), None)] {
        let refused = match body {
            Some(body) => world.program.post(&path, body).await,
            None => world.program.get(&path).await,
        };
        assert_eq!((refused.status, refused.code()), (404, "NOT_FOUND"), "{path}: {:?}", refused.body);
    }
    for body in [json!({}), json!({"assertion": "x"}), json!({"assertion": {}}), json!({"assertion": [1]})] {
        let refused = world.program.post(&path, &body).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{body}: {:?}", refused.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_linking_that_waits_for_the_passkey_can_be_cancelled() {
    let (world, device, _ani) = scanned().await;
    waiting(&world, &device, |_| true).await;
    let cancelled = world.program.post(&format!("/sessions/{}/cancel", device.session_id), &json!({})).await;
    assert_eq!((cancelled.status, &cancelled.body["data"]["status"]), (200, &json!("disconnected")), "{:?}", cancelled.body);
    assert_eq!(passkey(&world, &device).await.code(), "NOT_FOUND");
}
