//! Every kind of message, both ways.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use buffa::MessageField;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wacore::download::{Downloadable, MediaType};
use waproto::whatsapp::message::{ContactMessage, ContactsArrayMessage, ExtendedTextMessage, LocationMessage, StickerMessage};
use waproto::whatsapp::{ContextInfo, Message};
use whatsapp_rust::media::{self, AudioOptions, DocumentOptions, ImageOptions, VideoOptions};
use whatsapp_rust::upload::{UploadOptions, UploadResponse};

use crate::media::bytes;
use crate::net::{Companion, Net};

fn sticker(upload: UploadResponse) -> Message {
    let sticker = StickerMessage {
        mimetype: Some("image/webp".into()),
        direct_path: Some(upload.direct_path),
        media_key: Some(upload.media_key.to_vec()),
        file_sha256: Some(upload.file_sha256.to_vec()),
        file_enc_sha256: Some(upload.file_enc_sha256.to_vec()),
        file_length: Some(upload.file_length),
        width: Some(512),
        height: Some(512),
        ..Default::default()
    };
    Message { sticker_message: MessageField::some(sticker), ..Default::default() }
}

async fn upload(companion: &Companion, length: usize, kind: MediaType) -> UploadResponse {
    companion.client.upload(bytes(length), kind, UploadOptions::new()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_has_the_very_bytes_that_a_companion_sends() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    let cases = [(1, "image"), (1 << 20, "video"), (10 << 20, "document"), (70_000, "audio"), (15, "sticker"), (16, "image")];
    for (at, (length, kind)) in cases.into_iter().enumerate() {
        let caption = Some("lihat".to_owned());
        let (message, mime_type) = match kind {
            "image" => {
                let image = ImageOptions { caption, jpeg_thumbnail: Some(vec![1; 9]), ..Default::default() };
                (media::image_message(upload(&companion, length, MediaType::Image).await, image), "image/jpeg")
            }
            "video" => {
                let video = VideoOptions { caption, duration_seconds: Some(7), ..Default::default() };
                (media::video_message(upload(&companion, length, MediaType::Video).await, video), "video/mp4")
            }
            "document" => {
                let document = DocumentOptions {
                    caption,
                    file_name: Some("surat.pdf".into()),
                    mimetype: Some("application/pdf".into()),
                    ..Default::default()
                };
                (media::document_message(upload(&companion, length, MediaType::Document).await, document), "application/pdf")
            }
            "audio" => {
                let audio = AudioOptions { ptt: Some(true), duration_seconds: Some(3), waveform: Some(vec![5; 64]), ..Default::default() };
                (media::audio_message(upload(&companion, length, MediaType::Audio).await, audio), "audio/ogg; codecs=opus")
            }
            _ => (sticker(upload(&companion, length, MediaType::Sticker).await), "image/webp"),
        };
        let id = format!("3EB0F{at}");
        companion.send_message(&budi.jid, message, &id).await;
        for phone in [&budi, &ani] {
            let row = phone.message(&id, |_| true).await;
            assert_eq!((&row["type"], &row["mimeType"]), (&json!(kind), &json!(mime_type)), "{row}");
            assert_eq!((&row["downloaded"], &row["size"]), (&json!(true), &json!(length)), "{row}");
            assert_eq!(row["sha256"], hex::encode(Sha256::digest(bytes(length))));
            assert_eq!(row["caption"], if matches!(kind, "audio" | "sticker") { Value::Null } else { json!("lihat") });
            assert_eq!(row["thumbnailSize"], if kind == "image" { json!(9) } else { Value::Null });
            assert_eq!(row["width"], if kind == "sticker" { json!(512) } else { Value::Null });
            assert_eq!(row["waveform"], if kind == "audio" { json!(BASE64_STANDARD.encode([5; 64])) } else { Value::Null });
            assert_eq!(row["voiceNote"], if kind == "audio" { json!(true) } else { Value::Null });
            assert!(phone.media(&id).await == (mime_type.to_owned(), bytes(length)));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_keeps_no_file_that_is_not_what_its_message_says() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    let good = media::image_message(upload(&companion, 99, MediaType::Image).await, ImageOptions::default());
    let spoil: [fn(&mut waproto::whatsapp::message::ImageMessage); 4] = [
        |image| image.direct_path = Some("/media/elsewhere".into()),
        |image| image.media_key = Some(vec![1; 32]),
        |image| image.file_sha256 = Some(vec![1; 32]),
        |image| image.file_enc_sha256 = None,
    ];
    for (at, spoil) in spoil.into_iter().enumerate() {
        let mut bad = good.clone();
        spoil(bad.image_message.as_option_mut().unwrap());
        let id = format!("3EB0E{at}");
        companion.send_message(&budi.jid, bad, &id).await;
        let row = budi.message(&id, |_| true).await;
        assert_eq!((&row["downloaded"], &row["size"], &row["sha256"]), (&json!(false), &Value::Null, &Value::Null), "{row}");
        let path = format!("/phones/{}/messages/{id}/media", budi.number);
        assert_eq!(net.call(Method::GET, &path, Value::Null).await.0, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_has_the_very_bytes_that_a_phone_sends() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = budi.link().await;
    let own = ani.link().await;
    let cases = [(1, "image"), (1 << 20, "video"), (10 << 20, "document"), (70_000, "audio"), (15, "sticker")];
    for (length, kind) in cases {
        let base64 = BASE64_STANDARD.encode(bytes(length));
        let file = json!({"type": kind, "base64": base64, "caption": "lihat", "fileName": "surat.bin", "voiceNote": true, "seconds": 4});
        let id = ani.letter(&budi.jid, json!({"media": file})).await;
        for companion in [&companion, &own] {
            let message = companion.message(&id).await.message;
            let file: &dyn Downloadable = match kind {
                "image" => message.image_message.as_option().unwrap(),
                "video" => message.video_message.as_option().unwrap(),
                "document" => message.document_message.as_option().unwrap(),
                "audio" => message.audio_message.as_option().unwrap(),
                _ => message.sticker_message.as_option().unwrap(),
            };
            assert_eq!(file.file_length(), Some(length as u64));
            assert!(companion.client.download(file).await.unwrap() == bytes(length), "{kind}");
            if let Some(document) = message.document_message.as_option() {
                assert_eq!((document.file_name.as_deref(), document.caption.as_deref()), (Some("surat.bin"), Some("lihat")));
            }
            if let Some(audio) = message.audio_message.as_option() {
                assert_eq!((audio.ptt, audio.seconds), (Some(true), Some(4)));
            }
        }
        let row = budi.message(&id, |_| true).await;
        assert_eq!((&row["type"], &row["size"]), (&json!(kind), &json!(length)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_sends_places_cards_and_polls() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;

    let place = json!({"location": {"latitude": -6.2, "longitude": 106.8, "name": "Monas", "address": "Jakarta"}});
    let id = budi.letter(&ani.jid, place).await;
    let message = companion.message(&id).await.message;
    let location = message.location_message.as_option().unwrap();
    assert_eq!((location.degrees_latitude, location.degrees_longitude), (Some(-6.2), Some(106.8)));
    let row = ani.message(&id, |_| true).await;
    assert_eq!((&row["type"], &row["latitude"], &row["longitude"]), (&json!("location"), &json!(-6.2), &json!(106.8)));
    assert_eq!((&row["name"], &row["address"]), (&json!("Monas"), &json!("Jakarta")));

    let id = budi.letter(&ani.jid, json!({"contact": {"name": "Cici", "number": "+6281100000003"}})).await;
    let message = companion.message(&id).await.message;
    let vcard = message.contact_message.as_option().unwrap().vcard.as_deref().unwrap();
    assert!(vcard.contains("waid=6281100000003:+6281100000003"), "{vcard}");
    let row = ani.message(&id, |_| true).await;
    assert_eq!(row["contacts"], json!([{"name": "Cici", "vcard": vcard}]));

    let id = budi.letter(&ani.jid, json!({"poll": {"question": "Kapan?", "options": ["Senin", "Selasa"]}})).await;
    let message = companion.message(&id).await.message;
    assert_eq!(message.poll_creation_message_v3.as_option().unwrap().name.as_deref(), Some("Kapan?"));
    let row = ani.message(&id, |_| true).await;
    let poll = json!({"question": "Kapan?", "options": ["Senin", "Selasa"], "selectable": 1, "votes": {"Senin": [], "Selasa": []}});
    assert_eq!(row["poll"], poll);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_quotes_mentions_and_forwards() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    companion.send(&budi.jid, "sudah makan?", "3EB0K1").await;
    budi.message("3EB0K1", |_| true).await;

    let reply = json!({"text": "sudah @6281100000001", "quotedId": "3EB0K1", "mentions": ["6281100000001"], "forwarded": true});
    let id = budi.letter(&ani.jid, reply).await;
    let message = companion.message(&id).await.message;
    let text = message.extended_text_message.as_option().unwrap();
    let context = text.context_info.as_option().unwrap();
    assert_eq!(text.text.as_deref(), Some("sudah @6281100000001"));
    assert_eq!(context.stanza_id.as_deref(), Some("3EB0K1"));
    assert_eq!(context.participant, Some(ani.jid.to_string()));
    assert_eq!(context.quoted_message.as_option().unwrap().conversation.as_deref(), Some("sudah makan?"));
    assert_eq!((&context.mentioned_jid, context.is_forwarded), (&vec![ani.jid.to_string()], Some(true)));
    let row = ani.message(&id, |_| true).await;
    assert_eq!((&row["quotedId"], &row["forwarded"]), (&json!("3EB0K1"), &json!(true)));
    assert_eq!(row["mentions"], json!([ani.jid.to_string()]));

    let file = json!({"type": "image", "base64": "YWJj"});
    let id = budi.letter(&ani.jid, json!({"media": file, "quotedId": "3EB0K1"})).await;
    assert_eq!(ani.message(&id, |_| true).await["quotedId"], "3EB0K1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_tells_everything_a_companion_wrote() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    let card = |name: &str| ContactMessage { display_name: Some(name.into()), vcard: Some(format!("FN:{name}")), ..Default::default() };
    let link = ExtendedTextMessage {
        text: Some("lihat https://contoh.id".into()),
        matched_text: Some("https://contoh.id".into()),
        title: Some("Contoh".into()),
        jpeg_thumbnail: Some(vec![0; 12]),
        context_info: MessageField::some(ContextInfo { mentioned_jid: vec![budi.jid.to_string()], ..Default::default() }),
        ..Default::default()
    };
    let place =
        LocationMessage { degrees_latitude: Some(1.5), degrees_longitude: Some(2.5), address: Some("Jalan".into()), ..Default::default() };
    let cards = ContactsArrayMessage { contacts: vec![card("Cici"), card("Dodi")], ..Default::default() };
    let messages = [
        Message { extended_text_message: MessageField::some(link), ..Default::default() },
        Message { location_message: MessageField::some(place), ..Default::default() },
        Message { contacts_array_message: MessageField::some(cards), ..Default::default() },
    ];
    for (at, message) in messages.into_iter().enumerate() {
        companion.send_message(&budi.jid, message, &format!("3EB0T{at}")).await;
    }
    let text = budi.message("3EB0T0", |_| true).await;
    let preview = json!({"title": "Contoh", "description": null, "url": "https://contoh.id", "thumbnailSize": 12});
    assert_eq!((&text["linkPreview"], &text["mentions"]), (&preview, &json!([budi.jid.to_string()])));
    assert_eq!((&text["edited"], &text["deleted"], &text["reactions"]), (&json!(false), &json!(false), &json!([])));
    let place = budi.message("3EB0T1", |_| true).await;
    assert_eq!((&place["latitude"], &place["longitude"], &place["address"]), (&json!(1.5), &json!(2.5), &json!("Jalan")));
    let cards = budi.message("3EB0T2", |_| true).await;
    assert_eq!(cards["contacts"], json!([{"name": "Cici", "vcard": "FN:Cici"}, {"name": "Dodi", "vcard": "FN:Dodi"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_letters_are_not_sent() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let text = budi.write(&ani.number, "halo").await;
    let poll = budi.letter(&ani.jid, json!({"poll": {"question": "?", "options": ["a", "b"]}})).await;
    let cases = [
        (json!({}), 422),
        (json!({"text": 1}), 422),
        (json!({"media": {"type": "gif", "base64": ""}}), 422),
        (json!({"media": {"type": "image", "base64": "***"}}), 400),
        (json!({"contact": {"name": "Cici", "number": "x"}}), 400),
        (json!({"poll": {"question": "?", "options": ["a"]}}), 400),
        (json!({"poll": {"question": "?", "options": ["a", "a"]}}), 400),
        (json!({"poll": {"question": "?", "options": ["a", "b"], "selectable": 3}}), 400),
        (json!({"text": "x", "quotedId": "nothing"}), 404),
        (json!({"text": "x", "mentions": ["6281100000009"]}), 404),
        (json!({"reaction": {"messageId": "nothing", "emoji": "👍"}}), 404),
        (json!({"reaction": {"messageId": text, "emoji": "👍"}, "forwarded": true}), 400),
        (json!({"edit": {"messageId": text, "text": "x"}}), 400),
        (json!({"delete": {"messageId": text}}), 400),
        (json!({"vote": {"messageId": text, "options": []}}), 400),
        (json!({"vote": {"messageId": poll, "options": ["c"]}}), 400),
    ];
    for (mut letter, expected) in cases {
        letter["to"] = json!(budi.number);
        let (status, answer) = net.call(Method::POST, "/phones/6281100000001/messages", letter.clone()).await;
        assert_eq!(status, expected, "{letter}: {answer}");
        assert!(answer["error"].is_string(), "{letter}: {answer}");
    }
    assert_eq!(budi.messages().await.len(), 2);
    let path = format!("/phones/{}/messages/{text}/media", budi.number);
    assert_eq!(net.call(Method::GET, &path, Value::Null).await.0, 404);
}
