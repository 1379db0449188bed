//! `POST /messages/{messageId}/edit`

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, Device, Receiver, World, answer, assert_like, eventually, moment, png};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Message edited successfully",
    "data": {
        "messageId": "msg_123456789",
        "recipient": "1234567890@s.whatsapp.net",
        "timestamp": "2024-01-01T10:00:00Z",
        "status": "sent"
    }
}"#;

async fn edit(world: &World, device: &Device, id: &str, text: &str) -> Answer {
    world.program.post(&format!("/messages/{id}/edit"), &json!({"sessionId": device.session_id, "message": text})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_is_changed_on_the_phone_and_on_record_and_told_once() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let receiver = Receiver::start().await;
    let device = world.device_of(json!({"userId": 123, "alias": "Toko", "webhook": {"url": receiver.url}})).await;
    world.link(&device, &ani).await;
    let id = device.sent(&world.program, &budi.number, "Halo").await;
    let edited = edit(&world, &device, &id, "Halo, Budi 👋").await;
    assert_eq!(edited.status, 200, "{:?}", edited.body);
    assert_like(&edited.body, RESPONSE);
    assert_eq!((&edited.body["data"]["messageId"], &edited.body["data"]["recipient"]), (&json!(id), &json!(budi.jid())));
    budi.shows(&id, "edited", |row| row["text"] == "Halo, Budi 👋" && row["edited"] == true).await;
    let record = world.record(&id, "is edited", |record| record["editedAt"].is_string()).await;
    assert_eq!((&record["content"], &record["editedAt"]), (&json!("Halo, Budi 👋"), &edited.body["data"]["timestamp"]));
    moment(&record["editedAt"]);
    let told = receiver.wait_for("the edit", |body| body["event"] == "message_edited").await;
    assert_eq!((&told.body["data"]["messageId"], &told.body["data"]["message"]), (&json!(id), &json!("Halo, Budi 👋")));

    assert_eq!(edit(&world, &device, &id, "Halo lagi").await.status, 200);
    budi.shows(&id, "edited again", |row| row["text"] == "Halo lagi").await;
    let edits = eventually("both are told", async || {
        let events = receiver.events(&device.id).into_iter();
        let edits: Vec<Value> =
            events.filter(|event| event["event"] == "message_edited").map(|event| event["data"]["message"].clone()).collect();
        (edits.len() >= 2).then_some(edits)
    });
    assert_eq!(edits.await, ["Halo, Budi 👋", "Halo lagi"]);
    assert_eq!((world.records(&device).await.len(), budi.inbox().await.len()), (1, 1), "an edit is no message");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caption_is_changed_and_its_file_stays() {
    let (world, device, _ani, budi) = World::pair().await;
    let form = device.form(&budi.number).text("caption", "Lama").file("image", "x.png", "image/png", &png());
    let sent = answer(form.post(&world.program, "/send/image")).await;
    let id = sent.body["data"]["messageId"].as_str().unwrap();
    assert_eq!(edit(&world, &device, id, "Baru").await.status, 200);
    budi.shows(id, "edited", |row| row["caption"] == "Baru").await;
    let (shown, record) = world.arrived(&budi, id, &png()).await;
    assert_eq!((&shown["type"], &shown["caption"], &record["caption"]), (&json!("image"), &json!("Baru"), &json!("Baru")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_in_a_group_mentions_its_members() {
    let (world, device, ani, budi) = World::pair().await;
    let group = world.group("Arisan", &ani, &[&budi]).await;
    let id = device.sent(&world.program, &group, "Halo semua").await;
    budi.got(&id).await;
    let body = json!({"sessionId": device.session_id, "message": "Halo @6281100000002", "options": {"mentions": [budi.number]}});
    let edited = world.program.post(&format!("/messages/{id}/edit"), &body).await;
    assert_eq!((edited.status, &edited.body["data"]["recipient"]), (200, &json!(group)), "{:?}", edited.body);
    let shown = budi.shows(&id, "edited", |row| row["edited"] == true).await;
    // In this group people go by their hidden ids.
    let text = format!("Halo @{}", budi.lid.trim_end_matches("@lid"));
    assert_eq!((&shown["text"], &shown["mentions"]), (&json!(text), &json!([budi.lid])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_asked_for_twice_with_one_key_is_one() {
    let (world, device, _ani, budi) = World::pair().await;
    let id = device.sent(&world.program, &budi.number, "Halo").await;
    let ask = async || {
        let request = world.program.request(Method::POST, &format!("/messages/{id}/edit"));
        answer(request.json(&json!({"sessionId": device.session_id, "message": "Hai"})).header("idempotency-key", "one")).await
    };
    assert_eq!((ask().await.status, ask().await.status), (200, 200));
    budi.shows(&id, "edited", |row| row["text"] == "Hai").await;
    assert_eq!(budi.inbox().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_changed_is_refused() {
    let (world, device, ani, budi) = World::pair().await;
    let theirs = budi.write(&ani.number, "milik Budi").await;
    world.wait_for_message(&theirs, "delivered").await;
    let place = device.sent_as(&world.program, "/send/location", &budi.number, json!({"latitude": 1, "longitude": 2})).await;
    let bare = device.sent_file(&world.program, "image", &budi.number, "x.png", &png()).await;
    let own = device.sent(&world.program, &budi.number, "Halo").await;
    for id in [&theirs, &place, &bare] {
        let refused = edit(&world, &device, id, "x").await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{id}: {:?}", refused.body);
    }
    for text in ["", " \n"] {
        assert_eq!(edit(&world, &device, &own, text).await.code(), "VALIDATION_ERROR");
    }
    for id in ["3EB0000000000000000000", "x"] {
        let refused = edit(&world, &device, id, "x").await;
        assert_eq!((refused.status, refused.code()), (404, "MESSAGE_NOT_FOUND"), "{:?}", refused.body);
    }
    let delayed = json!({"message": "nanti", "options": {"delay": 3_600_000}});
    let waiting = device.send_as(&world.program, "/send", &budi.number, delayed).await;
    let refused = edit(&world, &device, waiting.body["data"]["messageId"].as_str().unwrap(), "x").await;
    assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{:?}", refused.body);
    let gone = world.program.post(&format!("/messages/{own}/delete"), &json!({"sessionId": device.session_id})).await;
    assert_eq!(gone.status, 200, "{:?}", gone.body);
    let refused = edit(&world, &device, &own, "x").await;
    assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{:?}", refused.body);
    assert!(world.records(&device).await.iter().all(|record| record["editedAt"].is_null()));
    assert!(budi.messages().await.iter().all(|row| row["edited"] == false));
}
