//! Files up to the media server and down again.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use wacore::download::MediaType;
use whatsapp_rust::download::DownloadParams;
use whatsapp_rust::upload::{UploadOptions, UploadResponse};
use whatsapp_rust::{MediaRetryResult, MediaReuploadRequest};

use crate::net::{Companion, Net};

/// Bytes that differ from those of other sizes.
pub fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + length) as u8).collect()
}

fn reference(uploaded: &UploadResponse, kind: MediaType) -> DownloadParams {
    let UploadResponse { direct_path, media_key, file_sha256, file_enc_sha256, file_length, .. } = uploaded;
    DownloadParams::encrypted(direct_path, media_key, file_sha256, file_enc_sha256, *file_length, kind)
}

async fn upload(companion: &Companion, file: Vec<u8>) -> DownloadParams {
    let uploaded = companion.client.upload(file, MediaType::Document, UploadOptions::new()).await.unwrap();
    reference(&uploaded, MediaType::Document)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_up_comes_down() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let companion = ani.link().await;
    for (length, kind) in [(1, MediaType::Image), (1 << 20, MediaType::Video), (10 << 20, MediaType::Document)] {
        let uploaded = companion.client.upload(bytes(length), kind, UploadOptions::new()).await.unwrap();
        let downloaded = companion.client.download(&reference(&uploaded, kind)).await.unwrap();
        assert!(downloaded == bytes(length), "{length}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_that_is_there_is_not_sent_again() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let companion = ani.link().await;
    let options = || UploadOptions::new().with_media_key([7; 32]);
    let first = companion.client.upload(bytes(6 << 20), MediaType::Video, options()).await.unwrap();
    net.faults(json!({"failUploads": 1})).await;
    let second = companion.client.upload(bytes(6 << 20), MediaType::Video, options()).await.unwrap();
    assert_eq!(first.direct_path, second.direct_path);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_odd_uploads_are_refused() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let companion = ani.link().await;
    let stale = companion.client.refresh_media_conn(false).await.unwrap();
    let host = &stale.hosts[0].hostname;
    assert_eq!(host, &net.sandbox.addr().to_string());
    let token = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
    for (path, expected) in [
        (format!("/mms/image/{token}?auth=other"), 401),
        (format!("/mms/image/{token}"), 401),
        (format!("/mms/image/short?auth={}", stale.auth), 400),
        (format!("/mms/image/{token}?auth={}", stale.auth), 400),
        (format!("/mms/image/{token}?auth={}&file_offset=5", stale.auth), 400),
    ] {
        let (status, answer) = net.call(Method::POST, &path, Value::Null).await;
        assert_eq!(status, expected, "{path}: {answer}");
        assert!(answer["error"].is_string(), "{path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_fail_as_often_as_asked_for() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let companion = ani.link().await;
    net.faults(json!({"failUploads": 1})).await;
    let failed = companion.client.upload(bytes(9), MediaType::Image, UploadOptions::new()).await;
    assert!(failed.err().unwrap().to_string().contains("500"));
    upload(&companion, bytes(9)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_fail_end_early_or_are_gone_as_asked_for() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let companion = ani.link().await;
    let file = upload(&companion, bytes(100_000)).await;
    net.faults(json!({"failDownloads": 1})).await;
    assert!(companion.client.download(&file).await.err().unwrap().to_string().contains("500"));
    net.faults(json!({"truncateDownloads": 1})).await;
    companion.client.download(&file).await.unwrap_err();
    // The client asks for a fresh address once.
    net.faults(json!({"goneDownloads": 2})).await;
    assert!(companion.client.download(&file).await.err().unwrap().to_string().contains("410"));
    assert!(companion.client.download(&file).await.unwrap() == bytes(100_000));

    net.post("/reset", json!({})).await;
    let (status, _) = net.call(Method::GET, &file.direct_path, Value::Null).await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_media_does_not_hold_up_the_end() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let companion = ani.link().await;
    net.faults(json!({"mediaDelayMs": 300})).await;
    let started = Instant::now();
    let file = upload(&companion, bytes(9)).await;
    assert!(started.elapsed() >= Duration::from_millis(300));

    net.faults(json!({"mediaDelayMs": 3_600_000})).await;
    let slow = reqwest::get(format!("http://{}{}", net.sandbox.addr(), file.direct_path));
    let end = async {
        companion.stop().await;
        tokio::time::timeout(Duration::from_secs(5), net.shutdown()).await.unwrap();
    };
    let (_, ()) = tokio::join!(slow, end);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_phone_puts_a_file_in_place_again_if_it_has_it() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    let id = budi.letter(&ani.jid, json!({"media": {"type": "image", "base64": "Z2FtYmFy"}})).await;
    let message = companion.message(&id).await.message;
    let mut image = message.image_message.as_option().unwrap().clone();
    let media_key = image.media_key.clone().unwrap();
    let request = MediaReuploadRequest { msg_id: &id, chat_jid: &budi.jid, media_key: &media_key, is_from_me: false, participant: None };
    let MediaRetryResult::Success { direct_path } = companion.client.media_reupload().request(&request).await.unwrap() else {
        panic!("the phone has it")
    };
    assert_ne!(image.direct_path.replace(direct_path.clone()), Some(direct_path));
    assert_eq!(companion.client.download(&image).await.unwrap(), b"gambar");

    net.faults(json!({"phonesLostFiles": true})).await;
    let answer = companion.client.media_reupload().request(&request).await.unwrap();
    assert!(matches!(answer, MediaRetryResult::NotFound), "{answer:?}");
}
