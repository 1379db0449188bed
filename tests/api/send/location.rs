//! `POST /send/location`

use serde_json::json;

use crate::world::{World, assert_like};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Message sent successfully",
    "data": {
        "messageId": "msg_123456789",
        "recipient": "1234567890@s.whatsapp.net",
        "timestamp": "2024-01-01T10:00:00Z",
        "status": "sent",
        "messageType": "location"
    }
}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_arrives_to_the_last_digit() {
    let (world, device, ani, budi) = World::pair().await;
    let question = budi.write(&ani.number, "where?").await;
    world.wait_for_message(&question, "delivered").await;
    let body = json!({"latitude": -6.1753924, "longitude": 106.8271528, "name": "Monas", "address": "Gambir, Jakarta",
        "options": {"quoted": question}});
    let sent = device.send_as(&world.program, "/send/location", &budi.number, body).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    assert_like(&sent.body, RESPONSE);
    let id = sent.body["data"]["messageId"].as_str().unwrap();
    let shown = budi.got(id).await;
    assert_eq!((&shown["type"], &shown["quotedId"]), (&json!("location"), &json!(question)));
    assert_eq!((&shown["latitude"], &shown["longitude"]), (&json!(-6.1753924), &json!(106.8271528)));
    assert_eq!((&shown["name"], &shown["address"]), (&json!("Monas"), &json!("Gambir, Jakarta")));
    let record = world.wait_for_message(id, "delivered").await;
    assert_eq!((&record["type"], &record["content"]), (&json!("location"), &json!("Monas")));
    let place = json!({"latitude": -6.1753924, "longitude": 106.8271528, "name": "Monas", "address": "Gambir, Jakarta"});
    assert_eq!(record["location"], place);

    let bare =
        device.sent_as(&world.program, "/send/location", &budi.number, json!({"latitude": 90, "longitude": -180, "name": " "})).await;
    let shown = budi.got(&bare).await;
    assert_eq!((&shown["latitude"], &shown["longitude"], &shown["name"]), (&json!(90.0), &json!(-180.0), &json!(null)), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lies_nowhere_is_refused() {
    let (world, device, _ani, budi) = World::pair().await;
    for (body, field) in [
        (json!({"longitude": 1}), "latitude"),
        (json!({"latitude": 1}), "longitude"),
        (json!({"latitude": 90.1, "longitude": 1}), "latitude"),
        (json!({"latitude": 1, "longitude": 180.5}), "longitude"),
        (json!({"latitude": "1", "longitude": 1}), "latitude"),
        (json!({"latitude": null, "longitude": 1}), "latitude"),
        (json!({"latitude": 1, "longitude": 1, "name": 7}), "name"),
        (json!({"latitude": 1, "longitude": 1, "address": "x".repeat(501)}), "address"),
    ] {
        let refused = device.send_as(&world.program, "/send/location", &budi.number, body.clone()).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{body}: {:?}", refused.body);
        assert!(refused.body["error"]["details"].as_str().unwrap().contains(field), "{body}: {:?}", refused.body);
    }
    assert!(budi.inbox().await.is_empty() && world.records(&device).await.is_empty());
}
