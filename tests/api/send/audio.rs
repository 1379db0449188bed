//! `POST /send/audio`

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::world::{Form, MP3, OGG, World, answer, assert_like, download, png, sha256, wav};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Audio sent successfully",
    "data": {
        "messageId": "msg_123456789",
        "recipient": "1234567890@s.whatsapp.net",
        "mediaType": "audio",
        "fileName": "audio.mp3",
        "fileSize": 1024000,
        "timestamp": "2024-01-01T10:00:00Z"
    }
}"#;

/// Fails unless it is a voice note of so many seconds, with a waveform that somebody drew.
fn assert_voice(shown: &Value, seconds: u32) {
    let told = (&shown["type"], &shown["voiceNote"], &shown["mimeType"], &shown["seconds"]);
    assert_eq!(told, (&json!("audio"), &json!(true), &json!("audio/ogg; codecs=opus"), &json!(seconds)), "{shown}");
    let waveform = BASE64_STANDARD.decode(shown["waveform"].as_str().unwrap()).unwrap();
    assert_eq!(waveform.len(), 64);
    assert!(waveform.iter().all(|bar| *bar <= 100) && waveform.contains(&100), "{waveform:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_example_sends_a_voice_note() {
    let world = World::new().await;
    let (ani, friend) = (world.phone("6281100000001", "Ani").await, world.phone("1234567890", "Friend").await);
    world.linked("My Device", &ani).await;
    let sound = wav(3);
    // The example puts the file before its last field.
    let form = Form::new()
        .text("sessionId", "user_123_device_my_device")
        .text("recipient", "1234567890@s.whatsapp.net")
        .file("audio", "audio.wav", "audio/wav", &sound)
        .text("isVoiceNote", "true");
    let sent = answer(form.post(&world.program, "/send/audio")).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    assert_like(&sent.body, RESPONSE);
    assert_eq!(sent.body["message"], "Audio sent successfully");
    let id = sent.body["data"]["messageId"].as_str().unwrap();
    let shown = friend.got(id).await;
    assert_voice(&shown, 3);
    let heard = friend.file(id).await;
    assert_eq!((&heard[..4], &heard[28..36]), (&b"OggS"[..], &b"OpusHead"[..]));
    assert_eq!(shown["sha256"], sha256(&heard));
    let waveform = BASE64_STANDARD.decode(shown["waveform"].as_str().unwrap()).unwrap();
    assert!(waveform[60] > waveform[30] && waveform[30] > waveform[3], "it grows louder: {waveform:?}");

    let record = world.wait_for_message(id, "delivered").await;
    assert_eq!((&record["media"]["voiceNote"], &record["type"]), (&json!(true), &json!("audio")), "{record}");
    let (status, _, kept) = download(record["mediaUrl"].as_str().unwrap()).await;
    assert!(status == 200 && kept == sound, "what was handed in is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_of_any_format_becomes_a_voice_note_and_one_that_is_keeps_its_bytes() {
    let (world, device, _ani, budi) = World::pair().await;
    for (name, sound) in [("a.mp3", MP3), ("a.ogg", OGG)] {
        let form = device.form(&budi.number).text("isVoiceNote", "1").file("audio", name, "application/octet-stream", sound);
        let sent = answer(form.post(&world.program, "/send/audio")).await;
        assert_eq!(sent.status, 200, "{:?}", sent.body);
        let shown = budi.got(sent.body["data"]["messageId"].as_str().unwrap()).await;
        assert_voice(&shown, 2);
        assert_eq!(shown["sha256"] == sha256(sound), name == "a.ogg");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_that_is_no_voice_note_arrives_as_it_is() {
    let (world, device, _ani, budi) = World::pair().await;
    for (sound, mime_type, said) in
        [(MP3.to_vec(), "audio/mpeg", None), (wav(2), "audio/wav", Some("false")), (OGG.to_vec(), "audio/ogg", Some("0"))]
    {
        let form = device.form(&budi.number).file("audio", "lagu", "application/octet-stream", &sound);
        let form = said.into_iter().fold(form, |form, said| form.text("isVoiceNote", said));
        let sent = answer(form.post(&world.program, "/send/audio")).await;
        assert_eq!(sent.status, 200, "{:?}", sent.body);
        let (shown, record) = world.arrived(&budi, sent.body["data"]["messageId"].as_str().unwrap(), &sound).await;
        assert_eq!((&shown["voiceNote"], &shown["seconds"]), (&json!(false), &json!(2)), "{shown}");
        assert_eq!((&record["media"]["mimeType"], &record["media"]["voiceNote"]), (&json!(mime_type), &json!(false)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_sound_is_refused_or_fails_and_holds_nobody_up() {
    let (world, device, _ani, budi) = World::pair().await;
    let form = || device.form(&budi.number);
    let refused = answer(form().file("audio", "a.mp3", "audio/mpeg", &png()).post(&world.program, "/send/audio")).await;
    assert_eq!((refused.status, refused.code()), (400, "INVALID_MEDIA_TYPE"), "{:?}", refused.body);
    let odd = form().text("isVoiceNote", "perhaps").file("audio", "a.mp3", "audio/mpeg", MP3);
    let odd = answer(odd.post(&world.program, "/send/audio")).await;
    assert_eq!((odd.status, odd.code()), (400, "VALIDATION_ERROR"), "{:?}", odd.body);
    assert!(world.files().is_empty());

    // It begins like a sound, and no more than that can be made of it.
    let form = form().text("isVoiceNote", "true").file("audio", "a.wav", "audio/wav", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0");
    let failed = answer(form.post(&world.program, "/send/audio")).await;
    assert_eq!((failed.status, failed.code()), (500, "MESSAGE_SEND_FAILED"), "{:?}", failed.body);
    assert_eq!(failed.body["error"]["details"], "media_unreadable");
    device.sent(&world.program, &budi.number, "next").await;
    assert_eq!(budi.inbox().await.len(), 1);
}
