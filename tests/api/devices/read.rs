//! `POST /devices/{id}/read`

use serde_json::json;

use crate::world::{World, assert_like};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Messages marked as read",
    "data": {"contactId": "1234567890@s.whatsapp.net", "messagesRead": 1}
}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sender_sees_that_messages_were_read_some_or_all() {
    let (world, device, ani, budi) = World::pair().await;
    let mut ids = Vec::new();
    for n in 0..4 {
        let id = budi.write(&ani.number, &format!("pesan {n}")).await;
        world.wait_for_message(&id, "delivered").await;
        ids.push(id);
    }
    let path = format!("/devices/{}/read", device.id);
    let one = world.program.post(&path, &json!({"contactId": budi.number, "messageIds": [ids[1]]})).await;
    assert_eq!(one.status, 200, "{:?}", one.body);
    assert_like(&one.body, RESPONSE);
    assert_eq!(one.body["data"], json!({"contactId": budi.jid(), "messagesRead": 1}));
    budi.shows(&ids[1], "read", |row| row["status"] == "read").await;
    let record = world.wait_for_message(&ids[1], "read").await;
    assert!(record["readAt"].is_string());
    for id in [&ids[0], &ids[2], &ids[3]] {
        assert_eq!(budi.got(id).await["status"], "delivered");
    }
    let rest = world.program.post(&path, &json!({"contactId": budi.jid()})).await;
    assert_eq!((rest.status, &rest.body["data"]["messagesRead"]), (200, &json!(3)), "{:?}", rest.body);
    for id in &ids {
        budi.shows(id, "read", |row| row["status"] == "read").await;
        world.wait_for_message(id, "read").await;
    }
    for body in
        [json!({"contactId": budi.jid()}), json!({"contactId": budi.jid(), "messageIds": ids}), json!({"contactId": "6281100000009"})]
    {
        let none = world.program.post(&path, &body).await;
        assert_eq!((none.status, &none.body["data"]["messagesRead"]), (200, &json!(0)), "{:?}", none.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_of_a_group_see_that_their_messages_were_read() {
    let (world, device, ani, budi) = World::pair().await;
    let citra = world.phone("6281100000003", "Citra").await;
    let group = world.group("Arisan", &ani, &[&budi, &citra]).await;
    let (first, second) = (budi.write(&group, "dari Budi").await, citra.write(&group, "dari Citra").await);
    for id in [&first, &second] {
        world.wait_for_message(id, "delivered").await;
    }
    let read = world.program.post(&format!("/devices/{}/read", device.id), &json!({"contactId": group})).await;
    assert_eq!((read.status, &read.body["data"]["messagesRead"]), (200, &json!(2)), "{:?}", read.body);
    for id in [&first, &second] {
        world.wait_for_message(id, "read").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_read_by_nobody_or_off_line() {
    let (world, device, ani, budi) = World::pair().await;
    let id = budi.write(&ani.number, "halo").await;
    world.wait_for_message(&id, "delivered").await;
    let path = format!("/devices/{}/read", device.id);
    for body in
        [json!({}), json!({"contactId": budi.number, "messageIds": vec!["x"; 501]}), json!({"contactId": budi.number, "messageIds": "x"})]
    {
        let refused = world.program.post(&path, &body).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{:?}", refused.body);
    }
    assert_eq!(world.program.post(&path, &json!({"contactId": "0811"})).await.code(), "INVALID_PHONE_NUMBER");
    world.program.post(&format!("/devices/{}/disconnect", device.id), &json!({})).await;
    let refused = world.program.post(&path, &json!({"contactId": budi.number})).await;
    assert_eq!((refused.status, refused.code()), (400, "DEVICE_NOT_CONNECTED"), "{:?}", refused.body);
    assert_eq!(budi.got(&id).await["status"], "delivered");
}
