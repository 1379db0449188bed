//! `POST /send/sticker`

use serde_json::json;

use crate::world::{World, ZIP, answer, assert_like, download, png};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Sticker sent successfully",
    "data": {
        "messageId": "msg_123456789",
        "recipient": "1234567890@s.whatsapp.net",
        "mediaType": "sticker",
        "fileName": "sticker.png",
        "fileSize": 1024000,
        "timestamp": "2024-01-01T10:00:00Z",
        "status": "sent"
    }
}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_becomes_a_sticker() {
    let (world, device, _ani, budi) = World::pair().await;
    let form = device.form(&budi.number).file("sticker", "halo.png", "image/png", &png());
    let sent = answer(form.post(&world.program, "/send/sticker")).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    assert_like(&sent.body, RESPONSE);
    let id = sent.body["data"]["messageId"].as_str().unwrap();
    let shown = budi.got(id).await;
    let told = (&shown["type"], &shown["mimeType"], &shown["width"], &shown["height"], &shown["downloaded"]);
    assert_eq!(told, (&json!("sticker"), &json!("image/webp"), &json!(512), &json!(512), &json!(true)));
    let webp = budi.file(id).await;
    assert_eq!((&webp[..4], &webp[8..12]), (&b"RIFF"[..], &b"WEBP"[..]));
    let record = world.wait_for_message(id, "delivered").await;
    assert_eq!((&record["type"], &record["caption"]), (&json!("sticker"), &json!(null)));
    assert!(download(record["mediaUrl"].as_str().unwrap()).await.2 == png(), "what was handed in is kept");

    // The phone's own sticker, sent back, is what it was.
    let form = device.form(&budi.number).file("sticker", "halo.webp", "image/webp", &webp);
    let sent = answer(form.post(&world.program, "/send/sticker")).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    world.arrived(&budi, sent.body["data"]["messageId"].as_str().unwrap(), &webp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_picture_is_no_sticker() {
    let (world, device, _ani, budi) = World::pair().await;
    let refused =
        answer(device.form(&budi.number).file("sticker", "x.webp", "image/webp", ZIP).post(&world.program, "/send/sticker")).await;
    assert_eq!((refused.status, refused.code()), (400, "INVALID_MEDIA_TYPE"), "{:?}", refused.body);
    let broken = device.form(&budi.number).file("sticker", "x.png", "image/png", &png()[..40]);
    let failed = answer(broken.post(&world.program, "/send/sticker")).await;
    assert_eq!((failed.status, failed.code()), (500, "MESSAGE_SEND_FAILED"), "{:?}", failed.body);
    device.sent(&world.program, &budi.number, "next").await;
    assert_eq!(budi.inbox().await.len(), 1);
}
