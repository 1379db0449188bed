//! `GET /sessions`, `POST /sessions/{sessionId}/cancel`

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, answer, assert_like, eventually};

const RESPONSE: &str = r#"{
    "success": true,
    "data": {
        "sessions": [
            {
                "sessionId": "user_123_device_my_device",
                "deviceId": "123",
                "userId": 123,
                "status": "connected",
                "phoneNumber": "+1234567890",
                "startedAt": "2024-01-01T08:00:00Z",
                "lastActivity": "2024-01-01T10:00:00Z",
                "messageCount": 150,
                "uptime": "2h 30m"
            }
        ],
        "pagination": {
            "page": 1,
            "limit": 20,
            "total": 5,
            "totalPages": 1
        }
    }
}"#;

fn sessions(body: &Value) -> Vec<&str> {
    body["data"]["sessions"].as_array().unwrap().iter().map(|session| session["sessionId"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_example_shows_a_connected_session() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("1234567890", "Ani").await, world.phone("6281100000002", "Budi").await);
    let device = world.linked("My Device", &ani).await;
    device.sent(&world.program, &budi.number, "halo").await;
    let found = world.program.get("/sessions?page=1&limit=20&status=active").await;
    assert_eq!(found.status, 200, "{:?}", found.body);
    assert_like(&found.body, RESPONSE);
    let session = &found.body["data"]["sessions"][0];
    assert_eq!((&session["sessionId"], &session["deviceId"]), (&json!("user_123_device_my_device"), &json!(device.id)));
    assert_eq!(
        (&session["status"], &session["phoneNumber"], &session["messageCount"]),
        (&json!("connected"), &json!("+1234567890"), &json!(1))
    );
    assert_eq!(found.body["data"]["pagination"]["total"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_active_or_not_or_in_a_status_and_each_users_own() {
    let world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let on = world.linked("On", &ani).await;
    let off = world.linked("Off", &ani).await;
    world.device("Never").await;
    let scanning = world.device_of(json!({"userId": 456, "alias": "Scanning"})).await;
    world.program.post(&format!("/devices/{}/disconnect", off.id), &json!({})).await;
    world.program.post(&format!("/devices/{}/connect", scanning.id), &json!({})).await;
    assert_eq!(world.program.get(&format!("/devices/{}/qr", scanning.id)).await.status, 200);
    for (query, expected) in [
        ("", vec![&scanning, &off, &on]),
        ("?status=active", vec![&scanning, &on]),
        ("?status=inactive", vec![&off]),
        ("?status=connected", vec![&on]),
        ("?status=connecting", vec![&scanning]),
        ("?status=disconnected", vec![&off]),
        ("?status=error", vec![]),
        ("?limit=1&page=2", vec![&off]),
    ] {
        let found = world.program.get(&format!("/sessions{query}")).await;
        let expected: Vec<_> = expected.into_iter().map(|device| device.session_id.as_str()).collect();
        assert_eq!((found.status, sessions(&found.body)), (200, expected), "{query}");
    }
    for (user, expected) in [(123, vec![&*off.session_id, &on.session_id]), (456, vec![&*scanning.session_id]), (789, vec![])] {
        let token = world.program.token_of(user).await;
        let found = answer(world.program.by_user(Method::GET, "/sessions", &token)).await;
        assert_eq!((found.status, sessions(&found.body)), (200, expected), "{user}");
        assert_eq!(found.body["data"]["pagination"]["total"], sessions(&found.body).len());
    }
    for query in ["?status=asleep", "?limit=0", "?cursor=x"] {
        let refused = world.program.get(&format!("/sessions{query}")).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{query}: {:?}", refused.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_cancelled_goes_off_line_and_stays_linked() {
    let world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let device = world.linked("Toko", &ani).await;
    let path = format!("/sessions/{}/cancel", device.session_id);
    for _ in 0..2 {
        let cancelled = answer(world.program.request(Method::POST, &path)).await;
        assert_eq!((cancelled.status, &cancelled.body["message"]), (200, &json!("Session cancelled")), "{:?}", cancelled.body);
        let data = json!({"sessionId": device.session_id, "deviceId": device.id, "status": "disconnected"});
        assert_eq!(cancelled.body["data"], data);
    }
    world.program.post(&format!("/devices/{}/connect", device.id), &json!({})).await;
    world.wait_for_status(&device, "connected").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_to_be_linked_waits_no_longer() {
    let world = World::new().await;
    let (scanning, typing) = (world.device("Scanning").await, world.device("Typing").await);
    world.program.post(&format!("/devices/{}/connect", scanning.id), &json!({})).await;
    assert_eq!(world.program.get(&format!("/devices/{}/qr", scanning.id)).await.status, 200);
    let code = world.program.post(&format!("/devices/{}/pairing-code", typing.id), &json!({"phoneNumber": "6281100000001"})).await;
    assert_eq!(code.status, 200, "{:?}", code.body);
    let ani = world.phone("6281100000001", "Ani").await;
    for device in [&scanning, &typing] {
        let cancelled = world.program.post(&format!("/sessions/{}/cancel", device.session_id), &json!({})).await;
        assert_eq!((cancelled.status, &cancelled.body["data"]["status"]), (200, &json!("disconnected")), "{:?}", cancelled.body);
        eventually("there is no code any more", async || {
            (world.program.get(&format!("/devices/{}/qr", device.id)).await.code() == "INVALID_QR_CODE").then_some(())
        })
        .await;
    }
    let url = format!("http://{}/phones/{}/link-code", world.sandbox.addr(), ani.number);
    let typed = answer(crate::world::http().post(url).json(&json!({"code": code.body["data"]["pairingCode"]}))).await;
    assert_ne!(typed.status, 200, "{:?}", typed.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_session_cannot_be_cancelled() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    for id in ["unknown", "%ff", "%20", "user_123_device_tok", &device.id] {
        let refused = world.program.post(&format!("/sessions/{id}/cancel"), &json!({})).await;
        assert_eq!((refused.status, refused.code()), (404, "DEVICE_NOT_FOUND"), "{id}: {:?}", refused.body);
    }
}
