//! `POST /send/video`

use serde_json::json;

use crate::world::{Form, MP3, MP4, Site, World, answer, assert_like, png, sized};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Video sent successfully",
    "data": {
        "messageId": "msg_123456789",
        "recipient": "1234567890@s.whatsapp.net",
        "mediaType": "video",
        "fileName": "video.mp4",
        "fileSize": 1024000,
        "timestamp": "2024-01-01T10:00:00Z"
    }
}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_example_sends_a_film() {
    let world = World::new().await;
    let (ani, friend) = (world.phone("6281100000001", "Ani").await, world.phone("1234567890", "Friend").await);
    world.linked("My Device", &ani).await;
    let form = Form::new()
        .text("sessionId", "user_123_device_my_device")
        .text("recipient", "1234567890@s.whatsapp.net")
        .text("caption", "Check out this video!")
        .file("video", "video.mp4", "video/mp4", MP4);
    let sent = answer(form.post(&world.program, "/send/video")).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    assert_like(&sent.body, RESPONSE);
    assert_eq!((&sent.body["message"], &sent.body["data"]["mediaType"]), (&json!("Video sent successfully"), &json!("video")));
    let (shown, record) = world.arrived(&friend, sent.body["data"]["messageId"].as_str().unwrap(), MP4).await;
    assert_eq!((&shown["type"], &shown["mimeType"]), (&json!("video"), &json!("video/mp4")));
    assert_eq!((&shown["caption"], &shown["seconds"]), (&json!("Check out this video!"), &json!(2)));
    assert!(shown["width"].as_u64().is_some_and(|width| width > 0) && shown["height"].is_u64(), "{shown}");
    assert_eq!((&record["type"], &record["caption"]), (&json!("video"), &shown["caption"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_of_any_making_is_sent_as_it_is_and_nothing_else_is_one() {
    let (world, device, _ani, budi) = World::pair().await;
    let unreadable = sized(b"\0\0\0\x1cftypisom\0\0\x02\0isomiso2mp41", 1_000_000);
    let site = Site::serving(vec![("/film", "video/mp4", unreadable.clone())]).await;
    let id = device.sent_as(&world.program, "/send/video", &budi.number, json!({"url": site.page("/film")})).await;
    let (shown, record) = world.arrived(&budi, &id, &unreadable).await;
    assert_eq!((&shown["seconds"], &record["media"]["fileName"]), (&json!(null), &json!("film")));
    for (name, bytes) in [("x.mp4", png()), ("x.mp4", MP3.to_vec()), ("x.mp4", b"film".to_vec())] {
        let refused = answer(device.form(&budi.number).file("video", name, "video/mp4", &bytes).post(&world.program, "/send/video")).await;
        assert_eq!((refused.status, refused.code()), (400, "INVALID_MEDIA_TYPE"), "{:?}", refused.body);
    }
    assert_eq!((budi.inbox().await.len(), world.files().len()), (1, 1));
}
