//! `POST /send/document`

use serde_json::json;

use crate::world::{Form, PDF, Site, World, ZIP, answer, assert_like, download, is_split, png, sized};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Document sent successfully",
    "data": {
        "messageId": "msg_123456789",
        "recipient": "1234567890@s.whatsapp.net",
        "mediaType": "document",
        "fileName": "document.pdf",
        "fileSize": 1024000,
        "timestamp": "2024-01-01T10:00:00Z"
    }
}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_example_sends_a_document_under_its_name() {
    let world = World::new().await;
    let (ani, friend) = (world.phone("6281100000001", "Ani").await, world.phone("1234567890", "Friend").await);
    world.linked("My Device", &ani).await;
    let form = Form::new()
        .text("sessionId", "user_123_device_my_device")
        .text("recipient", "1234567890@s.whatsapp.net")
        .text("fileName", "document.pdf")
        .file("document", "php8Fs2qX", "application/octet-stream", PDF);
    let sent = answer(form.post(&world.program, "/send/document")).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    assert_like(&sent.body, RESPONSE);
    assert_eq!((&sent.body["message"], &sent.body["data"]["fileName"]), (&json!("Document sent successfully"), &json!("document.pdf")));
    let (shown, record) = world.arrived(&friend, sent.body["data"]["messageId"].as_str().unwrap(), PDF).await;
    assert_eq!((&shown["type"], &shown["fileName"]), (&json!("document"), &json!("document.pdf")));
    assert_eq!((&shown["mimeType"], &record["media"]["mimeType"]), (&json!("application/pdf"), &json!("application/pdf")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_in_any_script_arrive_and_their_links_say_them() {
    let (world, device, _ani, budi) = World::pair().await;
    for name in ["laporan keuangan (akhir).pdf", "報告書 東京.pdf", "отчёт.pdf", "تقرير.pdf", "रिपोर्ट 📄.pdf", "naïve %20.pdf"]
    {
        let by_file = device.sent_file(&world.program, "document", &budi.number, name, PDF).await;
        let (shown, record) = world.arrived(&budi, &by_file, PDF).await;
        assert_eq!((&shown["fileName"], &record["media"]["fileName"]), (&json!(name), &json!(name)));
        let (_, headers, _) = download(record["mediaUrl"].as_str().unwrap()).await;
        let said = headers["content-disposition"].to_str().unwrap();
        assert!(
            said.starts_with("inline; filename=\"") && (name.is_ascii() && !name.contains('%') || said.contains("filename*=UTF-8''")),
            "{said}"
        );
        let by_field = device.form(&budi.number).text("fileName", name).file("document", "x", "application/pdf", PDF);
        let sent = answer(by_field.post(&world.program, "/send/document")).await;
        assert_eq!(sent.body["data"]["fileName"], name, "{:?}", sent.body);
    }
    for (name, safe) in [("../../etc/passwd", "passwd"), ("C:\\Users\\ani\\surat.pdf", "surat.pdf"), ("gpj.\u{202e}fdp.exe", "gpj.fdp.exe")]
    {
        let form = device.form(&budi.number).text("fileName", name).file("document", "x", "application/pdf", PDF);
        let sent = answer(form.post(&world.program, "/send/document")).await;
        assert_eq!(sent.body["data"]["fileName"], safe, "{:?}", sent.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_of_any_kind_and_size_arrives_as_it_is() {
    let (world, device, _ani, budi) = World::pair().await;
    let limit = 10 * 1024 * 1024;
    for (name, bytes, mime_type) in [
        ("huruf", b"x".to_vec(), "application/octet-stream"),
        ("halo.txt", "Halo, 世界\n".as_bytes().to_vec(), "application/octet-stream"),
        ("foto.png", png(), "image/png"),
        ("arsip.zip", sized(ZIP, 1_000_000), "application/zip"),
        ("besar.pdf", sized(PDF, limit), "application/pdf"),
    ] {
        let id = device.sent_file(&world.program, "document", &budi.number, name, &bytes).await;
        let (shown, record) = world.arrived(&budi, &id, &bytes).await;
        assert_eq!((&shown["mimeType"], &record["media"]["mimeType"]), (&json!(mime_type), &json!(mime_type)), "{name}");
    }
    let kept = world.files().len();
    let larger = device.form(&budi.number).file("document", "x.pdf", "application/pdf", &sized(PDF, limit + 1));
    let refused = answer(larger.post(&world.program, "/send/document")).await;
    // No request of this size comes through to a function.
    let code = if is_split() { "PAYLOAD_TOO_LARGE" } else { "FILE_TOO_LARGE" };
    assert_eq!((refused.status, refused.code()), (413, code), "{:?}", refused.body);
    let empty = answer(device.form(&budi.number).file("document", "x.txt", "text/plain", b"").post(&world.program, "/send/document")).await;
    assert_eq!((empty.status, empty.code()), (400, "VALIDATION_ERROR"), "{:?}", empty.body);
    assert_eq!((world.files().len(), budi.inbox().await.len()), (kept, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_may_have_a_caption_and_a_type_that_only_its_sender_knows() {
    let (world, device, _ani, budi) = World::pair().await;
    let site = Site::serving(vec![("/data.csv", "text/csv; charset=utf-8", b"a,b\n1,2\n".to_vec())]).await;
    let body = json!({"url": site.page("/data.csv"), "caption": "Bulan ini"});
    let id = device.sent_as(&world.program, "/send/document", &budi.number, body).await;
    let (shown, record) = world.arrived(&budi, &id, b"a,b\n1,2\n").await;
    assert_eq!((&shown["caption"], &shown["mimeType"], &shown["fileName"]), (&json!("Bulan ini"), &json!("text/csv"), &json!("data.csv")));
    assert_eq!(record["caption"], "Bulan ini");
}
