//! Messages with files.

use axum::{Router, response::Html, routing::get};
use domain::{
    model::{Attachment, Device, Jid, MessageStatus, MessageType},
    pipeline::Draft,
};
use image::{ImageFormat, RgbImage};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use super::world::World;

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";

/// A sound of two seconds.
const TONE: &[u8] = include_bytes!("../../../media/tests/files/tone.mp3");

async fn world() -> (World, Device) {
    let world = World::new().await;
    world.phone(ANI).await;
    world.phone(BUDI).await;
    let device = world.linked(ANI).await;
    (world, device)
}

fn picture() -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    RgbImage::from_pixel(64, 48, image::Rgb([200, 30, 30])).write_to(&mut png, ImageFormat::Png).unwrap();
    png.into_inner()
}

#[tokio::test]
async fn files_arrive_as_they_were_in_the_order_they_were_asked_for() {
    let (world, device) = world().await;
    let mut accepted = Vec::new();
    for (kind, mime_type, bytes) in [
        (MessageType::Document, "application/pdf", vec![7; 3_000_000]),
        (MessageType::Image, "image/png", picture()),
        (MessageType::Image, "image/jpeg", b"unreadable".to_vec()),
        (MessageType::Document, "text/plain", b"Halo".to_vec()),
    ] {
        let mut draft = world.file(&device, BUDI, kind, mime_type, bytes.clone()).await;
        draft.caption = Some("Lihat".into());
        accepted.push((world.accept(&device, draft).await, bytes));
    }
    for (message, bytes) in &accepted {
        let record = world.record(&device, &message.id, "it is sent", |message| message.status >= MessageStatus::Sent).await;
        assert_eq!(record.error, None);
        let row = world.on_phone(BUDI, &message.id).await;
        assert_eq!(row["sha256"], json!(hex::encode(Sha256::digest(bytes))), "{row}");
        assert_eq!(row["caption"], "Lihat", "{row}");
    }
    let order: Vec<_> = world.messages(BUDI).await.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(order, accepted.iter().map(|(message, _)| message.id.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_sticker_is_converted_and_what_is_no_picture_is_refused() {
    let (world, device) = world().await;
    let draft = world.file(&device, BUDI, MessageType::Sticker, "image/png", picture()).await;
    let sticker = world.send(&device, draft).await;
    let row = world.on_phone(BUDI, &sticker.id).await;
    assert_eq!((&row["type"], &row["mimeType"], &row["downloaded"]), (&json!("sticker"), &json!("image/webp"), &json!(true)), "{row}");
    let draft = world.file(&device, BUDI, MessageType::Sticker, "image/png", b"no picture".to_vec()).await;
    let refused = world.accept(&device, draft).await;
    let refused = world.record(&device, &refused.id, "it failed", |message| message.status == MessageStatus::Failed).await;
    assert_eq!(refused.error.as_deref(), Some("media_unreadable"));
}

#[tokio::test]
async fn a_file_that_is_gone_fails_its_message() {
    let (world, device) = world().await;
    let mut draft = world.file(&device, BUDI, MessageType::Document, "text/plain", b"Halo".to_vec()).await;
    draft.attachment = Some(super::world::attachment(world.intake.ids.media(), "text/plain", 4));
    let message = world.accept(&device, draft).await;
    let failed = world.record(&device, &message.id, "it failed", |message| message.status == MessageStatus::Failed).await;
    assert_eq!(failed.error.as_deref(), Some("media_missing"));
}

#[tokio::test]
async fn an_upload_is_tried_again_and_texts_do_not_wait_for_it() {
    let (world, device) = world().await;
    world.post("/faults", json!({"failUploads": 1})).await;
    let draft = world.file(&device, BUDI, MessageType::Document, "text/plain", b"Halo".to_vec()).await;
    let file = world.accept(&device, draft).await;
    let text = world.send(&device, Draft::text(Jid::parse(BUDI).unwrap(), "Halo")).await;
    world.record(&device, &file.id, "it is sent", |message| message.status >= MessageStatus::Sent).await;
    let order: Vec<_> = world.messages(BUDI).await.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(order, [text.id.as_str(), file.id.as_str()]);
}

#[tokio::test]
async fn a_sound_becomes_a_voice_note() {
    let (world, device) = world().await;
    let mut draft = world.file(&device, BUDI, MessageType::Audio, "audio/mpeg", TONE).await;
    let Some(Attachment::Media(file)) = &mut draft.attachment else { unreachable!() };
    file.voice_note = true;
    let voice = world.send(&device, draft).await;
    let row = world.on_phone(BUDI, &voice.id).await;
    assert_eq!((&row["voiceNote"], &row["mimeType"], &row["downloaded"]), (&json!(true), &json!("audio/ogg; codecs=opus"), &json!(true)));
}

#[tokio::test]
async fn a_large_file_arrives() {
    let (world, device) = world().await;
    let bytes = vec![42; 8 << 20];
    let draft = world.file(&device, BUDI, MessageType::Document, "application/zip", bytes.clone()).await;
    let message = world.send(&device, draft).await;
    let row = world.on_phone(BUDI, &message.id).await;
    assert_eq!(row["sha256"], json!(hex::encode(Sha256::digest(&bytes))), "{row}");
}

#[tokio::test]
async fn a_text_goes_with_what_its_link_leads_to_or_without() {
    let (world, device) = world().await;
    let page = || async { Html("<title>Warung Ani</title>") };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/menu", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, Router::new().route("/menu", get(page))).into_future());
    for (text, title) in [(format!("Lihat {url}"), json!("Warung Ani")), (format!("Lihat {url}/tidak-ada"), json!(null))] {
        let mut draft = Draft::text(Jid::parse(BUDI).unwrap(), text.clone());
        draft.link_preview = true;
        let message = world.send(&device, draft).await;
        let row = world.on_phone(BUDI, &message.id).await;
        assert_eq!((&row["text"], &row["linkPreview"]["title"]), (&json!(text), &title), "{row}");
    }
}
