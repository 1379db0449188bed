//! The files of messages that come in.

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{
    model::{Command, Device, EventKind, MediaPlace, Message, MessageId, MessageType},
    ports::Media,
};
use futures::TryStreamExt;
use serde_json::{Value, json};

use super::world::World;

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";

async fn world() -> (World, Device) {
    let world = World::new().await;
    world.phone(ANI).await;
    world.phone(BUDI).await;
    let device = world.linked(ANI).await;
    (world, device)
}

async fn send(world: &World, from: &str, to: &str, kind: &str, bytes: &[u8]) -> MessageId {
    let media = json!({"type": kind, "base64": BASE64_STANDARD.encode(bytes), "fileName": "berkas.bin", "caption": "Lihat"});
    let written = world.post(&format!("/phones/{from}/messages"), json!({"to": to, "media": media})).await;
    MessageId::parse(written["id"].as_str().unwrap()).unwrap()
}

async fn stored(world: &World, device: &Device, id: &MessageId) -> (Message, Vec<u8>) {
    let message =
        world.record(device, id, "its file is there", |message| message.media().is_some_and(|file| file.stored().is_some())).await;
    let file = world.media.open(&device.id, message.media().unwrap().stored().unwrap()).await.unwrap().unwrap();
    let bytes = file.body.try_collect::<Vec<_>>().await.unwrap().concat();
    assert_eq!(message.media().unwrap().size_bytes, bytes.len() as u64);
    (message, bytes)
}

#[tokio::test]
async fn a_file_of_any_kind_and_size_is_stored_as_it_was_sent_and_told_with_a_link() {
    let (world, device) = world().await;
    let mut events = world.events();
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| n as u8).collect();
    for (kind, bytes) in [
        ("image", &b"gambar"[..]),
        ("video", b"film"),
        ("audio", b"suara"),
        ("sticker", b"stiker"),
        ("document", b""),
        ("document", &large),
    ] {
        let id = send(&world, BUDI, ANI, kind, bytes).await;
        let (message, received) = stored(&world, &device, &id).await;
        assert!(received == bytes, "{kind}");
        assert_eq!(message.kind.as_str(), kind);
        let named = (message.kind == MessageType::Document).then_some("berkas.bin");
        assert_eq!(message.media().unwrap().file_name.as_deref(), named);
        let mut order = Vec::new();
        let data: Value = loop {
            let event = events.recv().await.unwrap();
            order.push(event.kind);
            if event.kind == EventKind::MediaReceived {
                break serde_json::from_str(event.data.get()).unwrap();
            }
        };
        assert_eq!(order, [EventKind::MessageReceived, EventKind::MediaReceived]);
        assert_eq!((&data["messageId"], &data["fileSize"]), (&json!(id.as_str()), &json!(bytes.len())));
        assert!(data["mediaUrl"].as_str().unwrap().starts_with("http://127.0.0.1/media/"), "{data}");
    }
}

#[tokio::test]
async fn files_sent_from_the_phone_itself_are_stored_too() {
    let (world, device) = world().await;
    let id = send(&world, ANI, BUDI, "image", b"gambar").await;
    assert_eq!(stored(&world, &device, &id).await.1, b"gambar");
}

#[tokio::test]
async fn a_download_that_fails_is_tried_again() {
    let (world, device) = world().await;
    world.post("/faults", json!({"failDownloads": 1, "truncateDownloads": 1})).await;
    let bytes = vec![7; 500_000];
    let id = send(&world, BUDI, ANI, "document", &bytes).await;
    assert!(stored(&world, &device, &id).await.1 == bytes);
}

#[tokio::test]
async fn files_that_were_missed_at_a_stop_come_after_the_next_start() {
    let (mut world, device) = world().await;
    world.post("/faults", json!({"mediaDelayMs": 60_000})).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let id = send(&world, BUDI, ANI, "image", &[n; 1000]).await;
        let message = world.record(&device, &id, "it is there", |_| true).await;
        assert!(matches!(message.media().unwrap().place, MediaPlace::Awaiting { .. }), "the message does not wait for its file");
        ids.push(id);
    }
    world.stop().await;
    world.post("/faults", json!({"mediaDelayMs": 0})).await;
    world.start().await;
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(stored(&world, &device, id).await.1, [n as u8; 1000]);
    }
}

#[tokio::test]
async fn a_file_larger_than_it_may_be_is_given_up_and_told() {
    let (mut world, device) = world().await;
    world.stop().await;
    world.max_download_bytes = 1000;
    world.start().await;
    world.connected(&device.id).await;
    let mut events = world.events();
    let small = send(&world, BUDI, ANI, "document", &[1; 1000]).await;
    assert_eq!(stored(&world, &device, &small).await.1, [1; 1000]);
    let large = send(&world, BUDI, ANI, "document", &[1; 1001]).await;
    let failed = |message: &Message| matches!(&message.media().unwrap().place, MediaPlace::Failed { error } if error == "too_large");
    world.record(&device, &large, "it was given up", failed).await;
    let data: Value = loop {
        let event = events.recv().await.unwrap();
        if event.kind == EventKind::MediaFailed {
            break serde_json::from_str(event.data.get()).unwrap();
        }
    };
    assert_eq!((&data["messageId"], &data["error"]), (&json!(large.as_str()), &json!("too_large")));
}

#[tokio::test]
async fn the_files_of_a_device_go_with_it() {
    let (world, device) = world().await;
    let id = send(&world, BUDI, ANI, "image", b"gambar").await;
    let (message, _) = stored(&world, &device, &id).await;
    let file = message.media().unwrap().stored().unwrap();
    world.ask(&device.id, Command::Remove).await;
    assert!(world.media.open(&device.id, file).await.unwrap().is_none());
}
