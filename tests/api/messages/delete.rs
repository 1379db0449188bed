//! `POST /messages/{messageId}/delete`

use serde_json::json;

use crate::world::{Answer, Device, Receiver, World, assert_like, png};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Message deleted successfully",
    "data": {
        "messageId": "msg_123456789",
        "recipient": "1234567890@s.whatsapp.net",
        "timestamp": "2024-01-01T10:00:00Z",
        "status": "sent"
    }
}"#;

async fn delete(world: &World, device: &Device, id: &str) -> Answer {
    world.program.post(&format!("/messages/{id}/delete"), &json!({"sessionId": device.session_id})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_any_kind_is_taken_back_from_everyone_and_told_once() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let receiver = Receiver::start().await;
    let device = world.device_of(json!({"userId": 123, "alias": "Toko", "webhook": {"url": receiver.url}})).await;
    world.link(&device, &ani).await;
    let text = device.sent(&world.program, &budi.number, "Halo").await;
    let picture = device.sent_file(&world.program, "image", &budi.number, "x.png", &png()).await;
    for id in [&text, &picture] {
        budi.got(id).await;
        let deleted = delete(&world, &device, id).await;
        assert_eq!(deleted.status, 200, "{:?}", deleted.body);
        assert_like(&deleted.body, RESPONSE);
        assert_eq!((&deleted.body["data"]["messageId"], &deleted.body["data"]["recipient"]), (&json!(id), &json!(budi.jid())));
        let shown = budi.shows(id, "deleted", |row| row["deleted"] == true).await;
        assert_eq!((&shown["text"], &shown["downloaded"]), (&json!(null), &json!(null)));
        let record = world.record(id, "is deleted", |record| record["deletedAt"].is_string()).await;
        assert_eq!(record["deletedAt"], deleted.body["data"]["timestamp"]);
        let told = |body: &serde_json::Value| body["event"] == "message_deleted" && body["data"]["messageId"] == **id;
        receiver.wait_for("the deletion", told).await;

        let again = delete(&world, &device, id).await;
        assert_eq!((again.status, &again.body), (200, &deleted.body), "what is gone is gone");
    }
    device.sent(&world.program, &budi.number, "sesudah itu").await;
    receiver.wait_for("what came after", |body| body["data"]["message"] == "sesudah itu").await;
    let told = receiver.events(&device.id).into_iter().filter(|event| event["event"] == "message_deleted").count();
    assert_eq!(told, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_takes_back_what_others_wrote_in_a_group() {
    let (world, device, ani, budi) = World::pair().await;
    let citra = world.phone("6281100000003", "Citra").await;
    let group = world.group("Arisan", &ani, &[&budi, &citra]).await;
    let theirs = budi.write(&group, "iklan").await;
    world.record(&theirs, "is there", |_| true).await;
    let deleted = delete(&world, &device, &theirs).await;
    assert_eq!((deleted.status, &deleted.body["data"]["recipient"]), (200, &json!(group)), "{:?}", deleted.body);
    citra.shows(&theirs, "deleted", |row| row["deleted"] == true).await;
    world.record(&theirs, "is deleted", |record| record["deletedAt"].is_string()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_taken_back_is_refused() {
    let (world, device, ani, budi) = World::pair().await;
    let theirs = budi.write(&ani.number, "milik Budi").await;
    world.wait_for_message(&theirs, "delivered").await;
    let refused = delete(&world, &device, &theirs).await;
    assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{:?}", refused.body);
    for id in ["3EB0000000000000000000", "x"] {
        let refused = delete(&world, &device, id).await;
        assert_eq!((refused.status, refused.code()), (404, "MESSAGE_NOT_FOUND"), "{:?}", refused.body);
    }
    let own = device.sent(&world.program, &budi.number, "Halo").await;
    world.program.post(&format!("/devices/{}/disconnect", device.id), &json!({})).await;
    let refused = delete(&world, &device, &own).await;
    assert_eq!((refused.status, refused.code()), (400, "DEVICE_NOT_CONNECTED"), "{:?}", refused.body);
    assert!(budi.messages().await.iter().all(|row| row["deleted"] == false));
}
