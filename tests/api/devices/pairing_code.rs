//! `POST /devices/{id}/pairing-code`

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use crate::world::{Answer, Device, Socket, TOKEN, World, assert_like, moment};

const RESPONSE: &str = r#"{
    "success": true,
    "data": {"pairingCode": "ABCD-EFGH", "phoneNumber": "+1234567890", "expiresAt": "2024-01-01T10:03:00Z"}
}"#;

async fn code(world: &World, device: &Device, body: &Value) -> Answer {
    world.program.post(&format!("/devices/{}/pairing-code", device.id), body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_typed_into_the_phone_links_the_device() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let socket = Socket::open(&format!("{}/?token={TOKEN}", world.program.socket)).await;
    let device = world.device("Toko").await;
    let asked = code(&world, &device, &json!({"phoneNumber": "+62 811-0000-0001"})).await;
    assert_eq!(asked.status, 200, "{:?}", asked.body);
    assert_like(&asked.body, RESPONSE);
    let data = &asked.body["data"];
    assert_eq!(data["phoneNumber"], "+6281100000001");
    let shown = data["pairingCode"].as_str().unwrap();
    assert!(shown.len() == 9 && shown.as_bytes()[4] == b'-', "{shown}");
    let left = moment(&data["expiresAt"]) - Utc::now();
    assert!(left > TimeDelta::zero() && left <= TimeDelta::minutes(3), "{left}");
    let told = socket.wait_for("the code", |frame| frame["type"] == "pairing_code").await;
    assert_eq!((&told["data"]["code"], &told["data"]["phoneNumber"]), (&data["pairingCode"], &data["phoneNumber"]));

    ani.link_code(shown).await;
    world.wait_for_status(&device, "connected").await;
    let sent = device.sent(&world.program, &budi.number, "terhubung").await;
    assert_eq!(budi.got(&sent).await["from"], ani.jid());
    let refused = code(&world, &device, &json!({"phoneNumber": ani.number})).await;
    assert_eq!((refused.status, refused.code()), (409, "CONFLICT"), "{:?}", refused.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_shows_qr_codes_gets_one_too_and_may_ask_again() {
    let world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let device = world.device("Toko").await;
    world.program.post(&format!("/devices/{}/connect", device.id), &json!({})).await;
    assert_eq!(world.program.get(&format!("/devices/{}/qr", device.id)).await.status, 200);
    let mut last = String::new();
    for _ in 0..2 {
        let asked = code(&world, &device, &json!({"phoneNumber": ani.number})).await;
        assert_eq!(asked.status, 200, "{:?}", asked.body);
        last = asked.body["data"]["pairingCode"].as_str().unwrap().to_owned();
    }
    ani.link_code(&last).await;
    world.wait_for_status(&device, "connected").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_code_is_for_no_phone() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    for (body, status, word) in [
        (json!({}), 400, "VALIDATION_ERROR"),
        (json!({"phoneNumber": 6_281_100_000_001_u64}), 400, "VALIDATION_ERROR"),
        (json!({"phoneNumber": "0811"}), 400, "INVALID_PHONE_NUMBER"),
        (json!({"phoneNumber": "100000012345678@lid"}), 400, "INVALID_PHONE_NUMBER"),
        (json!({"phoneNumber": "120363023345678901@g.us"}), 400, "INVALID_PHONE_NUMBER"),
    ] {
        let refused = code(&world, &device, &body).await;
        assert_eq!((refused.status, refused.code()), (status, word), "{body}: {:?}", refused.body);
    }
    let found = world.program.get(&format!("/devices/{}", device.id)).await;
    assert_eq!(found.body["data"]["device"]["status"], "pending", "nothing was begun");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_count_as_qr_codes() {
    let world = World::with(&[("RATE_LIMIT_QR_PER_MINUTE", "1")]).await;
    let device = world.device("Toko").await;
    let asked = code(&world, &device, &json!({"phoneNumber": "6281100000001"})).await;
    assert_ne!(asked.status, 429, "{:?}", asked.body);
    let refused = code(&world, &device, &json!({"phoneNumber": "6281100000001"})).await;
    assert_eq!((refused.status, refused.code()), (429, "RATE_LIMIT_EXCEEDED"), "{:?}", refused.body);
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(world.program.get(&format!("/devices/{}/qr", device.id)).await.status, 429);
}
