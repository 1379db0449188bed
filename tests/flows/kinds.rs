//! Every kind of message, out of the device and into it, to people and to groups.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::world::{Device, MP3, MP4, OGG, PDF, Phone, Receiver, Site, Socket, TOKEN, World, answer, download, eventually, png, sized};

/// A linked device whose events go to a webhook and a socket.
struct Stage {
    world: World,
    device: Device,
    ani: Phone,
    budi: Phone,
    receiver: Receiver,
    socket: Socket,
}

impl Stage {
    async fn new() -> Self {
        let world = World::new().await;
        let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
        let receiver = Receiver::start().await;
        let socket = Socket::open(&format!("{}/?token={TOKEN}", world.program.socket)).await;
        let device = world.device_of(json!({"userId": 123, "alias": "Toko", "webhook": {"url": receiver.url}})).await;
        world.link(&device, &ani).await;
        Self { world, device, ani, budi, receiver, socket }
    }

    /// What both the webhook and the socket say of a message: the same.
    async fn told(&self, kind: &str, id: &str) -> Value {
        let of_it = |event: &Value, name: &str| event[name] == *kind && event["data"]["messageId"] == *id;
        let body = self.receiver.wait_for(kind, |body| of_it(body, "event")).await.body;
        let frame = self.socket.wait_for(kind, |frame| of_it(frame, "type")).await;
        for field in ["id", "seq", "deviceId", "timestamp", "data"] {
            assert_eq!(frame[field], body[field], "{kind} {field}");
        }
        assert_eq!(body["deviceId"], *self.device.id);
        body["data"].clone()
    }

    /// What is told of a message, and its record.
    async fn received(&self, id: &str) -> (Value, Value) {
        let data = self.told("message_received", id).await;
        let record = self.world.wait_for_message(id, "delivered").await;
        assert_eq!((&record["direction"], &record["type"]), (&json!("incoming"), &data["type"]));
        assert_eq!((&record["chatId"], &record["timestamp"]), (&data["chatId"], &data["timestamp"]));
        (data, record)
    }

    /// Fails unless the file of a message is told, linked and recorded, byte for byte.
    async fn received_file(&self, id: &str, bytes: &[u8]) -> (Value, Value) {
        let (data, _) = self.received(id).await;
        assert_eq!(data["media"]["fileSize"], bytes.len(), "{data}");
        let media = self.told("media_received", id).await;
        assert_eq!((&media["mediaType"], &media["fileSize"], &media["error"]), (&data["type"], &json!(bytes.len()), &json!(null)));
        let record = self.world.record(id, "has its file", |record| record["media"]["status"] == "stored").await;
        for url in [&media["mediaUrl"], &record["mediaUrl"]] {
            let (status, headers, linked) = download(url.as_str().unwrap()).await;
            assert!(status == 200 && linked == bytes, "{status} {url}");
            assert_eq!(headers["content-type"], record["media"]["mimeType"].as_str().unwrap());
        }
        (media, record)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_writes_is_told_by_webhook_and_socket_and_kept() {
    let stage = Stage::new().await;
    let (ani, budi) = (&stage.ani.number, &stage.budi);
    let own = stage.device.sent(&stage.world.program, &budi.number, "Di mana?").await;
    budi.got(&own).await;

    let letter = json!({"text": "Di sini @6281100000001 👋", "quotedId": own, "mentions": [ani], "forwarded": true});
    let (data, record) = stage.received(&budi.say(ani, letter).await).await;
    assert_eq!((&data["type"], &data["message"]), (&json!("text"), &json!("Di sini @6281100000001 👋")));
    let (from, to) = (json!("+6281100000002"), json!("+6281100000001"));
    assert_eq!((&data["from"], &data["to"], &data["pushName"]), (&from, &to, &json!("Budi")));
    assert_eq!((&data["quotedMessageId"], &data["forwarded"], &data["isGroup"]), (&json!(own), &json!(true), &json!(false)));
    assert_eq!((&data["mentions"], &record["mentions"]), (&json!([stage.ani.jid()]), &json!([stage.ani.jid()])));
    let quoted = &record["metadata"]["quoted"];
    assert_eq!((&quoted["messageId"], &quoted["fromMe"], &quoted["content"]), (&json!(own), &json!(true), &json!("Di mana?")));
    assert_eq!((&record["metadata"]["forwarded"], &record["metadata"]["fromMe"]), (&json!(true), &json!(false)));

    let place = json!({"latitude": -6.1753924, "longitude": 106.8271528, "name": "Monas", "address": "Jakarta"});
    let (data, record) = stage.received(&budi.say(ani, json!({"location": place})).await).await;
    assert_eq!((&data["type"], &data["location"], &record["location"]), (&json!("location"), &place, &place));

    let (data, record) = stage.received(&budi.say(ani, json!({"contact": {"name": "エリ", "number": "6281100000005"}})).await).await;
    assert_eq!((&data["type"], &data["contacts"][0]["name"]), (&json!("contact"), &json!("エリ")));
    assert_eq!((&record["contacts"][0]["phones"], &record["contacts"]), (&json!(["+6281100000005"]), &data["contacts"]));

    let poll = json!({"question": "Makan apa?", "options": ["Nasi", "Mi"], "selectable": 2});
    let (data, record) = stage.received(&budi.say(ani, json!({"poll": poll})).await).await;
    let told = json!({"options": ["Nasi", "Mi"], "selectable": 2});
    assert_eq!((&data["type"], &data["message"]), (&json!("poll"), &json!("Makan apa?")));
    assert_eq!((&data["poll"], &record["poll"]), (&told, &told));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_every_kind_and_size_come_in_as_they_were_sent() {
    let stage = Stage::new().await;
    let (ani, budi) = (&stage.ani.number, &stage.budi);
    let said = json!({"caption": "Lihat", "mimeType": "image/png"});
    let (media, record) = stage.received_file(&budi.hand(ani, "image", &png(), said).await, &png()).await;
    assert_eq!((&media["caption"], &record["caption"], &media["mimeType"]), (&json!("Lihat"), &json!("Lihat"), &json!("image/png")));

    let (media, _) = stage.received_file(&budi.hand(ani, "video", MP4, json!({"caption": "Film", "seconds": 2})).await, MP4).await;
    assert_eq!((&media["media"]["seconds"], &media["mimeType"]), (&json!(2), &json!("video/mp4")));

    let note = json!({"voiceNote": true, "seconds": 2});
    let (media, record) = stage.received_file(&budi.hand(ani, "audio", OGG, note).await, OGG).await;
    assert_eq!((&media["media"]["voiceNote"], &media["media"]["seconds"]), (&json!(true), &json!(2)));
    assert_eq!((&record["media"]["voiceNote"], &record["media"]["mimeType"]), (&json!(true), &json!("audio/ogg; codecs=opus")));
    let (media, _) = stage.received_file(&budi.hand(ani, "audio", MP3, json!({"mimeType": "audio/mpeg"})).await, MP3).await;
    assert_eq!(media["media"]["voiceNote"], false);

    stage.received_file(&budi.hand(ani, "sticker", b"RIFF\0\0\0\0WEBPVP8 ", json!({})).await, b"RIFF\0\0\0\0WEBPVP8 ").await;

    let name = "報告書 (akhir) отчёт.pdf";
    for size in [0, 1, 1_000_000, 10 * 1024 * 1024 + 1] {
        let bytes = sized(PDF, size);
        let said = json!({"fileName": name, "mimeType": "application/pdf"});
        let (media, record) = stage.received_file(&budi.hand(ani, "document", &bytes, said).await, &bytes).await;
        assert_eq!((&media["fileName"], &record["media"]["fileName"]), (&json!(name), &json!(name)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reactions_and_votes_are_told_by_name_in_both_directions() {
    let stage = Stage::new().await;
    let (ani, budi) = (&stage.ani.number, &stage.budi);
    let own = stage.device.sent(&stage.world.program, &budi.number, "Halo").await;
    budi.got(&own).await;
    for emoji in ["👍", "❤️", ""] {
        let id = budi.say(ani, json!({"reaction": {"messageId": own, "emoji": emoji}})).await;
        let data = stage.told("message_reaction", &id).await;
        assert_eq!((&data["type"], &data["message"], &data["quotedMessageId"]), (&json!("reaction"), &json!(emoji), &json!(own)));
        assert_eq!(data["from"], "+6281100000002");
    }
    let body = json!({"question": "Kapan?", "options": ["Senin", "Selasa", "Rabu"], "selectableCount": 0});
    let poll = stage.device.sent_as(&stage.world.program, "/send/poll", &budi.number, body).await;
    budi.got(&poll).await;
    for (options, message) in [(json!(["Selasa"]), "Selasa"), (json!(["Senin", "Rabu"]), "Senin\nRabu"), (json!([]), "")] {
        let id = budi.say(ani, json!({"vote": {"messageId": poll, "options": options}})).await;
        let data = stage.told("poll_vote", &id).await;
        assert_eq!((&data["message"], &data["quotedMessageId"], &data["from"]), (&json!(message), &json!(poll), &json!("+6281100000002")));
    }
    let theirs = budi.say(ani, json!({"poll": {"question": "Ya?", "options": ["Ya", "Tidak"]}})).await;
    stage.received(&theirs).await;
    let vote = stage.ani.say(&budi.number, json!({"vote": {"messageId": theirs, "options": ["Ya"]}})).await;
    let record = stage.world.record(&vote, "is there", |_| true).await;
    assert_eq!((&record["type"], &record["content"], &record["direction"]), (&json!("vote"), &json!("Ya"), &json!("outgoing")));
    let kinds: Vec<_> = stage.receiver.events(&stage.device.id).into_iter().map(|event| event["event"].clone()).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "message_received").count(), 1, "the poll alone: {kinds:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_edit_and_delete_is_told_and_recorded_once() {
    let stage = Stage::new().await;
    let (ani, budi) = (&stage.ani.number, &stage.budi);
    let text = budi.write(ani, "Halo").await;
    let picture = budi.hand(ani, "image", &png(), json!({"caption": "Lama"})).await;
    stage.received(&text).await;
    stage.received_file(&picture, &png()).await;
    for (id, new) in [(&text, "Hai"), (&picture, "Baru")] {
        budi.say(ani, json!({"edit": {"messageId": id, "text": new}})).await;
        let data = stage.told("message_edited", id).await;
        let record = stage.world.record(id, "is edited", |record| record["editedAt"].is_string()).await;
        let field = if id == &text { ("message", "content") } else { ("caption", "caption") };
        assert_eq!((&data[field.0], &record[field.1], &data["from"]), (&json!(new), &json!(new), &json!("+6281100000002")));
    }
    for id in [&text, &picture] {
        budi.say(ani, json!({"delete": {"messageId": id}})).await;
        let data = stage.told("message_deleted", id).await;
        assert_eq!(data["from"], "+6281100000002");
        stage.world.record(id, "is deleted", |record| record["deletedAt"].is_string()).await;
    }
    let last = budi.write(ani, "sesudah itu").await;
    stage.received(&last).await;
    let changes: Vec<_> = stage
        .receiver
        .events(&stage.device.id)
        .into_iter()
        .filter(|event| {
            let kind = event["event"].as_str().unwrap();
            kind == "message_edited" || kind == "message_deleted"
        })
        .collect();
    assert_eq!(changes.len(), 4, "{changes:#?}");
    assert_eq!(stage.world.records(&stage.device).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_from_the_phone_itself_is_told_as_sent_with_its_file() {
    let stage = Stage::new().await;
    let (ani, budi) = (&stage.ani, &stage.budi);
    let id = ani.hand(&budi.number, "document", PDF, json!({"fileName": "surat.pdf", "caption": "Baca"})).await;
    let data = stage.told("message_sent", &id).await;
    assert_eq!((&data["type"], &data["to"], &data["from"]), (&json!("document"), &json!("+6281100000002"), &json!("+6281100000001")));
    let media = stage.told("media_received", &id).await;
    assert!(download(media["mediaUrl"].as_str().unwrap()).await.2 == PDF);
    let record = stage.world.record(&id, "has its file", |record| record["media"]["status"] == "stored").await;
    assert_eq!((&record["direction"], &record["caption"], &record["chatId"]), (&json!("outgoing"), &json!("Baca"), &json!(budi.jid())));
    ani.say(&budi.number, json!({"edit": {"messageId": id, "text": "Baca ini"}})).await;
    assert_eq!(stage.told("message_edited", &id).await["caption"], "Baca ini");
    ani.say(&budi.number, json!({"delete": {"messageId": id}})).await;
    stage.told("message_deleted", &id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_gets_every_kind_and_its_members_answer() {
    let stage = Stage::new().await;
    let (program, device, budi) = (&stage.world.program, &stage.device, &stage.budi);
    let citra = stage.world.phone("6281100000003", "Citra").await;
    let group = stage.world.group("Arisan", budi, &[&stage.ani, &citra]).await;

    let first = citra.write(&group, "Halo semua").await;
    let (data, record) = stage.received(&first).await;
    assert_eq!((&data["isGroup"], &data["chatId"], &data["from"]), (&json!(true), &json!(group), &json!("+6281100000003")));
    assert_eq!((&record["from"], &record["chatId"]), (&json!(citra.jid()), &json!(group)));

    let body = json!({"message": "Halo @6281100000003", "options": {"quoted": first, "mentions": [citra.number]}});
    let text = device.sent_as(program, "/send", &group, body).await;
    let mut sent = vec![(text.clone(), "text")];
    for (path, body, kind) in [
        ("/send/location", json!({"latitude": 1, "longitude": 2, "name": "Monas"}), "location"),
        ("/send/contact", json!({"contact": {"name": "Dewi", "phone": "6281100000004"}}), "contact"),
        ("/send/poll", json!({"question": "Kapan?", "options": ["Senin", "Selasa"]}), "poll"),
    ] {
        sent.push((device.sent_as(program, path, &group, body).await, kind));
    }
    for (kind, bytes) in [("image", png()), ("video", MP4.to_vec()), ("audio", MP3.to_vec()), ("document", PDF.to_vec())] {
        let id = device.sent_file(program, kind, &group, "berkas", &bytes).await;
        for phone in [budi, &citra] {
            phone.got(&id).await;
            assert!(phone.file(&id).await == bytes, "{kind}");
        }
        sent.push((id, kind));
    }
    for phone in [budi, &citra] {
        for (id, kind) in &sent {
            let shown = phone.got(id).await;
            assert_eq!((&shown["type"], &shown["chat"], &shown["from"]), (&json!(kind), &json!(group), &json!(stage.ani.jid())), "{shown}");
        }
        let shown = phone.got(&text).await;
        assert_eq!(
            (&shown["quotedId"], &shown["mentions"]),
            (&json!(first), &json!([citra.lid])),
            "in this group people go by their hidden ids"
        );
    }
    let poll = &sent[3].0;
    let vote = citra.say(&group, json!({"vote": {"messageId": poll, "options": ["Selasa"]}})).await;
    let data = stage.told("poll_vote", &vote).await;
    assert_eq!((&data["message"], &data["from"], &data["chatId"]), (&json!("Selasa"), &json!("+6281100000003"), &json!(group)));
    let reaction = budi.say(&group, json!({"reaction": {"messageId": text, "emoji": "👍"}})).await;
    assert_eq!(stage.told("message_reaction", &reaction).await["quotedMessageId"], *text);

    let react = json!({"sessionId": device.session_id, "messageId": first, "emoji": "🎉"});
    assert_eq!(program.post("/send/reaction", &react).await.status, 200);
    for phone in [budi, &citra] {
        phone.shows(&first, "with the reaction", |row| row["reactions"] == json!([{"from": stage.ani.jid(), "emoji": "🎉"}])).await;
    }
    let file = citra.hand(&group, "image", &png(), json!({"caption": "Foto", "mimeType": "image/png"})).await;
    let (media, _) = stage.received_file(&file, &png()).await;
    assert_eq!((&media["chatId"], &media["caption"], &media["from"]), (&json!(group), &json!("Foto"), &json!("+6281100000003")));
    citra.say(&group, json!({"edit": {"messageId": first, "text": "Halo, semuanya"}})).await;
    assert_eq!(stage.told("message_edited", &first).await["message"], "Halo, semuanya");
    // Budi made the group: he may.
    budi.say(&group, json!({"delete": {"messageId": first}})).await;
    stage.told("message_deleted", &first).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_is_shown_with_what_it_leads_to() {
    let (world, device, _ani, budi) = World::pair().await;
    let page = r#"<html><head><meta charset="utf-8"><title>Judul</title>
        <meta property="og:title" content="Warung &amp; Toko Ani"><meta property="og:description" content="Buka tiap hari — 世界">
        <meta property="og:image" content="/foto.png"></head><body>x</body></html>"#;
    let site = Site::serving(vec![
        ("/menu", "text/html; charset=utf-8", page.as_bytes().to_vec()),
        ("/foto.png", "image/png", png()),
        ("/bare", "text/html", b"<p>no title".to_vec()),
    ])
    .await;
    let send = async |text: &str, options: Value| {
        let id = device.sent_as(&world.program, "/send", &budi.number, json!({"message": text, "options": options})).await;
        budi.got(&id).await
    };
    let url = site.page("/menu");
    let text = format!("Lihat ({url}).");
    let shown = send(&text, json!({"linkPreview": true})).await;
    let preview = &shown["linkPreview"];
    assert_eq!((&shown["text"], &preview["url"]), (&json!(text), &json!(url)));
    assert_eq!((&preview["title"], &preview["description"]), (&json!("Warung & Toko Ani"), &json!("Buka tiap hari — 世界")));
    assert!(preview["thumbnailSize"].as_u64().is_some_and(|size| size > 100), "{preview}");
    for (text, options) in [
        (text.clone(), json!({"linkPreview": false})),
        (text.clone(), json!({})),
        (site.page("/bare"), json!({"linkPreview": true})),
        (site.page("/none"), json!({"linkPreview": true})),
        ("http://127.0.0.1:1/".to_owned(), json!({"linkPreview": true})),
        ("no link at all".to_owned(), json!({"linkPreview": true})),
    ] {
        let shown = send(&text, options.clone()).await;
        assert_eq!((&shown["text"], &shown["linkPreview"]), (&json!(text), &json!(null)), "{options}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_never_answers_holds_no_text_up_for_long() {
    let (world, device, _ani, budi) = World::pair().await;
    // Connections wait here to be accepted for ever.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let text = format!("http://{}/", silent.local_addr().unwrap());
    let body = json!({"message": text, "options": {"linkPreview": true}});
    let sent = device.send_as(&world.program, "/send", &budi.number, body).await;
    assert!([200, 202].contains(&sent.status), "{:?}", sent.body);
    let shown = budi.got(sent.body["data"]["messageId"].as_str().unwrap()).await;
    assert_eq!((&shown["text"], &shown["linkPreview"]), (&json!(text), &json!(null)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voice_note_is_heard_in_a_group() {
    let (world, device, ani, budi) = World::pair().await;
    let group = world.group("Arisan", &ani, &[&budi]).await;
    let form = device.form(&group).text("isVoiceNote", "true").file("audio", "a.mp3", "audio/mpeg", MP3);
    let sent = answer(form.post(&world.program, "/send/audio")).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    let shown = budi.got(sent.body["data"]["messageId"].as_str().unwrap()).await;
    assert_eq!((&shown["voiceNote"], &shown["downloaded"], &shown["chat"]), (&json!(true), &json!(true), &json!(group)));
    assert_eq!(BASE64_STANDARD.decode(shown["waveform"].as_str().unwrap()).unwrap().len(), 64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_types_is_seen_and_nothing_is_kept_of_it() {
    let stage = Stage::new().await;
    let (ani, budi) = (&stage.ani, &stage.budi);
    for state in ["composing", "recording", "paused"] {
        budi.type_in(&ani.number, state).await;
    }
    let id = budi.write(&ani.number, "Halo").await;
    stage.received(&id).await;
    eventually("the phone has seen it", async || (ani.typings().await.len() == 3).then_some(())).await;
    assert_eq!(stage.world.records(&stage.device).await.len(), 1);
}
