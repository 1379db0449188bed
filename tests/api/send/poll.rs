//! `POST /send/poll`

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
        "messageType": "poll"
    }
}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_arrives_with_its_options() {
    let (world, device, ani, budi) = World::pair().await;
    let quoted = budi.write(&ani.number, "ask us").await;
    world.wait_for_message(&quoted, "delivered").await;
    for (count, selectable) in [(json!(null), 1), (json!(2), 2), (json!(0), 0)] {
        let body = json!({"question": "Kapan?", "options": ["Senin", "Selasa", "水曜日"], "selectableCount": count, "quoted": quoted});
        let sent = device.send_as(&world.program, "/send/poll", &budi.number, body).await;
        assert_eq!(sent.status, 200, "{:?}", sent.body);
        assert_like(&sent.body, RESPONSE);
        let id = sent.body["data"]["messageId"].as_str().unwrap();
        let shown = budi.got(id).await;
        let options = json!(["Senin", "Selasa", "水曜日"]);
        assert_eq!((&shown["type"], &shown["quotedId"]), (&json!("poll"), &json!(quoted)));
        let poll = &shown["poll"];
        assert_eq!((&poll["question"], &poll["options"], &poll["selectable"]), (&json!("Kapan?"), &options, &json!(selectable)));
        let record = world.wait_for_message(id, "delivered").await;
        assert_eq!((&record["type"], &record["content"]), (&json!("poll"), &json!("Kapan?")));
        assert_eq!(record["poll"], json!({"options": options, "selectable": selectable}));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_poll_is_refused() {
    let (world, device, _ani, budi) = World::pair().await;
    for (body, field) in [
        (json!({"options": ["a", "b"]}), "question"),
        (json!({"question": " ", "options": ["a", "b"]}), "question"),
        (json!({"question": "x".repeat(256), "options": ["a", "b"]}), "question"),
        (json!({"question": "?"}), "options"),
        (json!({"question": "?", "options": ["a"]}), "options"),
        (json!({"question": "?", "options": ["a", "a "]}), "options"),
        (json!({"question": "?", "options": ["a", ""]}), "options"),
        (json!({"question": "?", "options": (0..13).map(|n| n.to_string()).collect::<Vec<_>>()}), "options"),
        (json!({"question": "?", "options": ["a", "x".repeat(101)]}), "options"),
        (json!({"question": "?", "options": ["a", "b"], "selectableCount": 3}), "selectableCount"),
        (json!({"question": "?", "options": ["a", "b"], "selectableCount": -1}), "selectableCount"),
        (json!({"question": "?", "options": ["a", "b"], "quoted": "3EB0"}), "quoted: "),
    ] {
        let refused = device.send_as(&world.program, "/send/poll", &budi.number, body.clone()).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{body}: {:?}", refused.body);
        assert!(refused.body["error"]["details"].as_str().unwrap().contains(field), "{body}: {:?}", refused.body);
    }
    assert!(budi.inbox().await.is_empty());
}
