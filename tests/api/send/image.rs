//! `POST /send/image`, and what holds for files of every kind

use std::time::Duration;

use futures::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::world::{
    Answer, Device, Form, PDF, Phone, Site, TOKEN, World, ZIP, answer, assert_like, assert_schema, eventually, is_split, png, sized,
};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Image sent successfully",
    "data": {
        "messageId": "msg_123456789",
        "recipient": "1234567890@s.whatsapp.net",
        "mediaType": "image",
        "fileName": "image.jpg",
        "fileSize": 1024000,
        "timestamp": "2024-01-01T10:00:00Z"
    }
}"#;

const MESSAGE: &str = r#"{
    "id": "string",
    "deviceId": "string",
    "sessionId": "string",
    "direction": "incoming|outgoing",
    "from": "string",
    "to": "string",
    "type": "text|image|video|audio|document|sticker|location|contact",
    "content": "string",
    "mediaUrl": "string|null",
    "caption": "string|null",
    "timestamp": "string (ISO 8601)",
    "status": "pending|sent|delivered|read|failed",
    "readAt": "string (ISO 8601)|null",
    "metadata": {
        "messageId": "string",
        "quoted": "QuotedMessage|null",
        "forwarded": "boolean",
        "fromMe": "boolean",
        "broadcast": "boolean"
    }
}"#;

async fn send(world: &World, form: Form) -> Answer {
    answer(form.post(&world.program, "/send/image")).await
}

async fn by_name(world: &World, device: &Device, to: &Phone, body: Value) -> Answer {
    device.send_as(&world.program, "/send/image", &to.number, body).await
}

fn id(answer: &Answer) -> &str {
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.body["data"]["messageId"].as_str().unwrap()
}

/// Fails unless the request is refused like this.
fn assert_refused(answer: &Answer, status: u16, code: &str, details: &str) {
    assert_eq!((answer.status, answer.code()), (status, code), "{:?}", answer.body);
    let told = answer.body["error"]["details"].as_str().unwrap_or_default();
    assert!(told.starts_with(details), "{told:?} does not begin with {details:?}");
}

/// Fails unless nothing was kept, and nothing was sent but what the phone got so far.
async fn assert_untouched(world: &World, device: &Device, phone: &Phone, messages: usize) {
    eventually("no file is left", async || world.files().is_empty().then_some(())).await;
    assert_eq!(world.records(device).await.len(), messages);
    assert_eq!(phone.inbox().await.len(), messages);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_example_sends_a_picture() {
    let world = World::new().await;
    let (ani, friend) = (world.phone("6281100000001", "Ani").await, world.phone("1234567890", "Friend").await);
    world.linked("My Device", &ani).await;
    let form = Form::new()
        .text("sessionId", "user_123_device_my_device")
        .text("recipient", "1234567890@s.whatsapp.net")
        .text("caption", "Check out this image!")
        .file("image", "image.jpg", "image/jpeg", &png());
    let sent = send(&world, form).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    assert_like(&sent.body, RESPONSE);
    let data = &sent.body["data"];
    assert_eq!((&sent.body["message"], &data["mediaType"]), (&json!("Image sent successfully"), &json!("image")));
    assert_eq!((&data["fileName"], &data["fileSize"], &data["status"]), (&json!("image.jpg"), &json!(png().len()), &json!("sent")));
    assert_eq!(data["recipient"], friend.jid());

    let (shown, record) = world.arrived(&friend, id(&sent), &png()).await;
    assert_eq!((&shown["type"], &shown["caption"], &shown["from"]), (&json!("image"), &json!("Check out this image!"), &json!(ani.jid())));
    assert_eq!((&shown["mimeType"], &shown["width"], &shown["height"]), (&json!("image/png"), &json!(96), &json!(64)));
    assert!(shown["thumbnailSize"].as_u64().is_some_and(|size| (100..50_000).contains(&size)), "{shown}");
    assert_schema(&record, MESSAGE);
    assert_eq!((&record["type"], &record["caption"], &record["timestamp"]), (&json!("image"), &shown["caption"], &data["timestamp"]));
    assert_eq!(record["media"]["fileName"], "image.jpg");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_clients_form_sends_the_same_picture() {
    let (world, device, _ani, budi) = World::pair().await;
    let picture = png();
    let plain = Form::new().text("sessionId", &device.session_id).text("recipient", &budi.number).text("caption", "Halo");
    let named = "name=\"image\"; filename=\"photo.png\"";
    let octets = "Content-Type: application/octet-stream\r\n";
    let forms = [
        ("JavaScript", plain.clone().file("image", "photo.png", "image/png", &picture)),
        ("Python", plain.clone().part(named, "", &picture)),
        ("PHP", plain.clone().part(named, octets, &picture)),
        ("Go", plain.part(named, octets, &picture)),
        (
            "a file that comes first",
            Form::new()
                .part(named, octets, &picture)
                .text("caption", "Halo")
                .text("recipient", &budi.number)
                .text("sessionId", &device.session_id),
        ),
        (
            "a file in between, under another name",
            Form::new()
                .text("recipient", &budi.number)
                .text("unknown", "anything")
                .file("file", "photo.png", "image/png", &picture)
                .text("sessionId", &device.session_id)
                .text("caption", "Halo"),
        ),
        (
            "the name as in HTTP",
            device.form(&budi.number).text("caption", "Halo").part("name=\"image\"; filename*=UTF-8''photo.png", "", &picture),
        ),
    ];
    for (client, form) in forms {
        let sent = send(&world, form).await;
        assert_eq!((sent.status, &sent.body["data"]["fileName"]), (200, &json!("photo.png")), "{client}: {:?}", sent.body);
        let (shown, _) = world.arrived(&budi, id(&sent), &picture).await;
        assert_eq!((&shown["caption"], &shown["mimeType"]), (&json!("Halo"), &json!("image/png")), "{client}");
    }
    assert_eq!(world.files().len(), 7, "one file a message");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_sent_from_a_url() {
    let (world, device, _ani, budi) = World::pair().await;
    let site = Site::serving(vec![
        ("/a%20photo.png", "image/png", png()),
        ("/wrong", "image/jpeg", ZIP.to_vec()),
        ("/empty.png", "image/png", Vec::new()),
    ])
    .await;
    let sent = by_name(&world, &device, &budi, json!({"url": site.page("/a%20photo.png?x=1"), "caption": "Halo"})).await;
    assert_like(&sent.body, RESPONSE);
    assert_eq!(sent.body["data"]["fileName"], "a photo.png");
    let (shown, _) = world.arrived(&budi, id(&sent), &png()).await;
    assert_eq!(shown["caption"], "Halo");
    let named = by_name(&world, &device, &budi, json!({"url": site.page("/a%20photo.png"), "fileName": "lain.png"})).await;
    assert_eq!((id(&named).is_empty(), &named.body["data"]["fileName"]), (false, &json!("lain.png")));
    let form = device.form(&budi.number).text("url", &site.page("/a%20photo.png"));
    assert_eq!(send(&world, form).await.status, 200, "a form may name a URL too");

    let kept = world.files().len();
    for (url, status, code, details) in [
        (site.page("/wrong"), 400, "INVALID_MEDIA_TYPE", "found application/zip"),
        (site.page("/empty.png"), 400, "VALIDATION_ERROR", "url: the file is empty"),
        (site.page("/none.png"), 400, "VALIDATION_ERROR", "url: "),
        ("http://127.0.0.1:1/x.png".to_owned(), 400, "VALIDATION_ERROR", "url: "),
        ("ftp://example.com/x.png".to_owned(), 400, "VALIDATION_ERROR", "url: "),
        ("file:///etc/passwd".to_owned(), 400, "VALIDATION_ERROR", "url: "),
        ("picture".to_owned(), 400, "VALIDATION_ERROR", "url: "),
        (String::new(), 400, "VALIDATION_ERROR", ""),
    ] {
        assert_refused(&by_name(&world, &device, &budi, json!({"url": url})).await, status, code, details);
    }
    assert_eq!(world.files().len(), kept);
    assert_eq!(budi.inbox().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_picture_is_refused_and_leaves_nothing() {
    let (world, device, _ani, budi) = World::pair().await;
    let form = || device.form(&budi.number);
    for (name, mime_type, bytes, found) in [
        ("arsip.jpg", "image/jpeg", ZIP.to_vec(), "found application/zip"),
        ("dokumen.png", "image/png", PDF.to_vec(), "found application/pdf"),
        ("gambar.svg", "image/svg+xml", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(), "found "),
        ("x.png", "image/png", b"x".to_vec(), "found no known type"),
        ("besar.jpg", "image/jpeg", sized(ZIP, 200_000), "found application/zip"),
    ] {
        let refused = send(&world, form().file("image", name, mime_type, &bytes)).await;
        assert_refused(&refused, 400, "INVALID_MEDIA_TYPE", found);
        let first =
            Form::new().file("image", name, mime_type, &bytes).text("sessionId", &device.session_id).text("recipient", &budi.number);
        assert_refused(&send(&world, first).await, 400, "INVALID_MEDIA_TYPE", found);
    }
    assert_refused(
        &send(&world, form().file("image", "x.png", "image/png", b"")).await,
        400,
        "VALIDATION_ERROR",
        "image: the file is empty",
    );
    assert_untouched(&world, &device, &budi, 0).await;
    assert_eq!(send(&world, form().file("image", "x.png", "image/png", &png())).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_cannot_be_understood_is_refused_and_leaves_nothing() {
    let (world, device, _ani, budi) = World::pair().await;
    let picture = png();
    let form = || device.form(&budi.number);
    let with = |form: Form| form.file("image", "x.png", "image/png", &picture);
    for (what, form, code, details) in [
        ("no file", form(), "VALIDATION_ERROR", "image: missing"),
        ("a file under an unknown name", form().file("picture", "x.png", "image/png", &picture), "VALIDATION_ERROR", "image: missing"),
        ("two files", with(with(form())), "VALIDATION_ERROR", "image: expected one file"),
        ("a file and a URL", with(form().text("url", "http://127.0.0.1/")), "VALIDATION_ERROR", "image: expected either"),
        ("no recipient", with(Form::new().text("sessionId", &device.session_id)), "VALIDATION_ERROR", "missing field `recipient`"),
        ("no session", with(Form::new().text("recipient", &budi.number)), "VALIDATION_ERROR", "missing field `sessionId`"),
        ("a delay in words", with(form().text("delay", "soon")), "VALIDATION_ERROR", "delay: "),
        ("a quote of nothing", with(form().text("quoted", "3EB0")), "VALIDATION_ERROR", "quoted: "),
        ("a mention of a group", with(form().text("mentions", "120363023345678901@g.us")), "VALIDATION_ERROR", "mentions"),
        ("no name at all", with(form().text("fileName", "..")), "VALIDATION_ERROR", "fileName: "),
        ("a bad number before the file", with(device.form("0811")), "INVALID_PHONE_NUMBER", ""),
        (
            "a bad number after the file",
            with(Form::new().text("sessionId", &device.session_id)).text("recipient", "hello"),
            "INVALID_PHONE_NUMBER",
            "",
        ),
    ] {
        let refused = send(&world, form).await;
        assert_eq!((refused.status, refused.code()), (400, code), "{what}: {:?}", refused.body);
        let told = refused.body["error"]["details"].as_str().unwrap_or_default();
        assert!(told.starts_with(details), "{what}: {told:?}");
    }
    let elsewhere = with(Form::new().text("sessionId", "user_9_device_none").text("recipient", &budi.number));
    assert_refused(&send(&world, elsewhere).await, 404, "DEVICE_NOT_FOUND", "");
    let first = Form::new().file("image", "x.png", "image/png", &picture).text("recipient", &budi.number).text("sessionId", "nobody's");
    assert_refused(&send(&world, first).await, 404, "DEVICE_NOT_FOUND", "");
    let idle = world.device("Idle").await;
    let first =
        Form::new().file("image", "x.png", "image/png", &picture).text("recipient", &budi.number).text("sessionId", &idle.session_id);
    assert_refused(&send(&world, first).await, 400, "DEVICE_NOT_CONNECTED", "");
    assert_refused(&send(&world, with(idle.form(&budi.number))).await, 400, "DEVICE_NOT_CONNECTED", "");

    let raw = |content_type: &str, body: &str| {
        world.program.request(Method::POST, "/send/image").header("content-type", content_type).body(body.to_owned())
    };
    for (content_type, body) in [
        ("multipart/form-data", "--x--\r\n"),
        ("multipart/form-data; boundary=x", ""),
        ("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"sessionId\"\r\n\r\nuser"),
        ("application/json", "{"),
        ("application/json", "[]"),
    ] {
        let refused = answer(raw(content_type, body)).await;
        assert_refused(&refused, 400, "VALIDATION_ERROR", "");
    }
    assert_untouched(&world, &device, &budi, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_picture_passes_and_one_byte_more_does_not() {
    const LIMIT: usize = 300_000;
    let (world, device, _ani, budi) = World::pair_with(&[("MAX_FILE_SIZE", &LIMIT.to_string())]).await;
    let largest = sized(&png(), LIMIT);
    let larger = sized(&png(), LIMIT + 1);
    let huge = sized(&png(), 3_000_000);
    let site = Site::serving(vec![("/largest", "image/png", largest.clone()), ("/larger", "image/png", larger.clone())]).await;
    let form = |bytes: &[u8]| device.form(&budi.number).file("image", "x.png", "image/png", bytes);
    let first = |bytes: &[u8]| {
        Form::new().file("image", "x.png", "image/png", bytes).text("sessionId", &device.session_id).text("recipient", &budi.number)
    };
    for refused in [
        send(&world, form(&larger)).await,
        send(&world, first(&larger)).await,
        send(&world, form(&huge)).await,
        by_name(&world, &device, &budi, json!({"url": site.page("/larger")})).await,
    ] {
        assert_refused(&refused, 413, "FILE_TOO_LARGE", &format!("expected at most {LIMIT} bytes"));
    }
    assert_untouched(&world, &device, &budi, 0).await;
    for sent in [
        send(&world, form(&largest)).await,
        send(&world, first(&largest)).await,
        by_name(&world, &device, &budi, json!({"url": site.page("/largest")})).await,
    ] {
        world.arrived(&budi, id(&sent), &largest).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_cut_leaves_nothing() {
    let (world, device, _ani, budi) = World::pair().await;
    let (address, path) = world.program.api.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let picture = sized(&png(), 400_000);
    let forms = [
        device.form(&budi.number).file("image", "x.png", "image/png", &picture),
        Form::new().file("image", "x.png", "image/png", &picture).text("sessionId", &device.session_id).text("recipient", &budi.number),
    ];
    for form in forms {
        let body = form.bytes();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /{path}/send/image HTTP/1.1\r\nHost: {address}\r\nX-API-Token: {TOKEN}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
            Form::content_type(),
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body[..300_000]).await.unwrap();
        // API Gateway waits for the whole of it.
        if !is_split() {
            eventually("the file is being written", async || (!world.files().is_empty()).then_some(())).await;
        }
        drop(stream);
        eventually("the file is gone", async || world.files().is_empty().then_some(())).await;
    }
    // A body that ends too early for its length, on a connection whose other half still listens.
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = device.form(&budi.number).file("image", "x.png", "image/png", &picture).bytes();
    let head = format!(
        "POST /{path}/send/image HTTP/1.1\r\nHost: {address}\r\nX-API-Token: {TOKEN}\r\nContent-Type: {}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        Form::content_type()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(format!("{:x}\r\n", 200_000).as_bytes()).await.unwrap();
    stream.write_all(&body[..200_000]).await.unwrap();
    stream.write_all(b"\r\n0\r\n\r\n").await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 400") && response.contains("VALIDATION_ERROR"), "{response}");
    assert_untouched(&world, &device, &budi, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_file_leaves_the_connection_usable() {
    const LIMIT: usize = 100_000;
    let (world, device, _ani, budi) = World::pair_with(&[("MAX_FILE_SIZE", &LIMIT.to_string())]).await;
    let (address, path) = world.program.api.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = |form: Form| {
        let body = form.bytes();
        let head = format!(
            "POST /{path}/send/image HTTP/1.1\r\nHost: {address}\r\nX-API-Token: {TOKEN}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
            Form::content_type(),
            body.len()
        );
        [head.into_bytes(), body].concat()
    };
    let form = |bytes: &[u8]| device.form(&budi.number).file("image", "x.png", "image/png", bytes);
    for (bytes, status) in [(sized(&png(), LIMIT + 1), "413"), (png(), "200"), (ZIP.to_vec(), "400"), (png(), "200")] {
        stream.write_all(&request(form(&bytes))).await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    assert_eq!(budi.inbox().await.len(), 2);
}

/// Reads one answer of a connection that stays open.
async fn read_answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let count = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut chunk)).await.expect("there is no answer").unwrap();
        assert!(count > 0, "the connection was closed: {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.trim().parse::<usize>().ok());
        if length.is_some_and(|length| body.len() >= length) {
            return text.into_owned();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_quotes_mentions_and_waits() {
    let (world, device, ani, budi) = World::pair().await;
    let question = budi.write(&ani.number, "what does it look like?").await;
    world.wait_for_message(&question, "delivered").await;
    let mentions = json!([budi.jid()]);
    for form in [
        device.form(&budi.number).text("mentions", &budi.number),
        device.form(&budi.number).text("mentions[0]", &budi.number),
        device.form(&budi.number).text("mentions", &json!([budi.number]).to_string()),
    ] {
        let form = form.text("caption", "Halo @6281100000002").text("quoted", &question).file("image", "x.png", "image/png", &png());
        let sent = send(&world, form).await;
        let shown = budi.got(id(&sent)).await;
        assert_eq!((&shown["quotedId"], &shown["mentions"]), (&json!(question), &mentions), "{shown}");
    }
    let options = json!({"quoted": question, "mentions": [budi.number], "delay": 700});
    let site = Site::serving(vec![("/x.png", "image/png", png())]).await;
    let asked = tokio::time::Instant::now();
    let later = by_name(&world, &device, &budi, json!({"url": site.page("/x.png"), "caption": "nanti", "options": options})).await;
    assert_eq!((later.status, &later.body["data"]["status"]), (202, &json!("pending")), "{:?}", later.body);
    assert_like(&later.body, RESPONSE);
    assert_eq!(later.body["message"], "Message accepted");
    let shown = budi.got(later.body["data"]["messageId"].as_str().unwrap()).await;
    assert!(asked.elapsed() >= Duration::from_millis(700));
    assert_eq!((&shown["quotedId"], &shown["mentions"], &shown["caption"]), (&json!(question), &mentions, &json!("nanti")), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_prefers_not_to_wait_for_a_picture_is_answered_at_once() {
    let (world, device, _ani, budi) = World::pair().await;
    world.faults(&json!({"mediaDelayMs": 300})).await;
    let form = device.form(&budi.number).file("image", "x.png", "image/png", &png());
    let taken = answer(form.post(&world.program, "/send/image").header("prefer", "respond-async")).await;
    assert_eq!((taken.status, &taken.body["data"]["status"]), (202, &json!("pending")), "{:?}", taken.body);
    assert_like(&taken.body, RESPONSE);
    world.faults(&json!({"mediaDelayMs": 0})).await;
    world.arrived(&budi, taken.body["data"]["messageId"].as_str().unwrap(), &png()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_requests_at_once_with_one_key_send_one_picture_and_answer_alike() {
    let (world, device, _ani, budi) = World::pair().await;
    let site = Site::serving(vec![("/x.png", "image/png", png())]).await;
    let request = |n: usize| -> RequestBuilder {
        let request = match n % 3 {
            0 => device.form(&budi.number).file("image", "x.png", "image/png", &png()).post(&world.program, "/send/image"),
            1 => Form::new()
                .file("image", "x.png", "image/png", &png())
                .text("recipient", &budi.number)
                .text("sessionId", &device.session_id)
                .post(&world.program, "/send/image"),
            _ => world
                .program
                .request(Method::POST, "/send/image")
                .json(&json!({"sessionId": device.session_id, "recipient": budi.number, "url": site.page("/x.png")})),
        };
        request.header("idempotency-key", "one")
    };
    let answers = join_all((0..20).map(|n| answer(request(n)))).await;
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body), "{answers:#?}");
    world.arrived(&budi, id(&answers[0]), &png()).await;
    assert_eq!(budi.inbox().await.len(), 1);
    assert_eq!(world.records(&device).await.len(), 1);
    assert_eq!(world.files().len(), 1, "the others' files are gone");
    let again = answer(request(0)).await;
    assert_eq!((again.status, &again.body), (200, &answers[0].body));
    assert_eq!(world.files().len(), 1);
}
