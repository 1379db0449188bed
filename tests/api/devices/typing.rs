//! `POST /devices/{id}/typing`

use serde_json::json;

use crate::world::{World, assert_like, eventually};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Typing state sent",
    "data": {"contactId": "1234567890@s.whatsapp.net", "state": "composing"}
}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_side_sees_who_is_writing_in_its_chat_or_group() {
    let (world, device, ani, budi) = World::pair().await;
    let group = world.group("Arisan", &ani, &[&budi]).await;
    let path = format!("/devices/{}/typing", device.id);
    let mut expected = Vec::new();
    for (field, to, chat) in
        [("contactId", budi.number.clone(), ani.jid()), ("chatId", budi.jid(), ani.jid()), ("contactId", group.clone(), group.clone())]
    {
        for state in ["composing", "recording", "paused"] {
            let shown = world.program.post(&path, &json!({field: to, "state": state})).await;
            assert_eq!(shown.status, 200, "{:?}", shown.body);
            if chat == ani.jid() {
                assert_like(&shown.body, RESPONSE);
            }
            expected.push((chat.clone(), state.to_owned()));
        }
    }
    eventually("the phone has seen it all", async || {
        let seen: Vec<_> = budi
            .typings()
            .await
            .iter()
            .map(|row| {
                assert_eq!(row["from"], ani.jid());
                (row["chat"].as_str().unwrap().to_owned(), row["state"].as_str().unwrap().to_owned())
            })
            .collect();
        (seen == expected).then_some(())
    })
    .await;
    assert!(world.records(&device).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_seen_to_write_to_nobody_or_off_line() {
    let (world, device, _ani, budi) = World::pair().await;
    let path = format!("/devices/{}/typing", device.id);
    for (body, code) in [
        (json!({"contactId": "0811", "state": "composing"}), "INVALID_PHONE_NUMBER"),
        (json!({"contactId": budi.number, "state": "sleeping"}), "VALIDATION_ERROR"),
        (json!({"contactId": budi.number}), "VALIDATION_ERROR"),
        (json!({"state": "composing"}), "VALIDATION_ERROR"),
    ] {
        let refused = world.program.post(&path, &body).await;
        assert_eq!((refused.status, refused.code()), (400, code), "{body}: {:?}", refused.body);
    }
    world.program.post(&format!("/devices/{}/disconnect", device.id), &json!({})).await;
    let refused = world.program.post(&path, &json!({"contactId": budi.number, "state": "composing"})).await;
    assert_eq!((refused.status, refused.code()), (400, "DEVICE_NOT_CONNECTED"), "{:?}", refused.body);
    let unknown = world.program.post("/devices/dev_none/typing", &json!({"contactId": budi.number, "state": "composing"})).await;
    assert_eq!((unknown.status, unknown.code()), (404, "DEVICE_NOT_FOUND"), "{:?}", unknown.body);
    assert!(budi.typings().await.is_empty());
}
