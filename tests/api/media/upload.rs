//! `PUT /media/{deviceId}/{mediaId}`

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::world::{Device, PDF, World, answer, assert_like, eventually, http, png, sized};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "File stored",
    "data": {"mediaId": "med_123456789", "fileSize": 1024000, "mimeType": "image/jpeg"}
}"#;

async fn place(world: &World, device: &Device) -> Value {
    let place = world.program.post("/media", &json!({"sessionId": device.session_id})).await;
    assert_eq!(place.status, 201, "{:?}", place.body);
    place.body["data"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_put_without_a_token_and_may_be_replaced() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let place = place(&world, &device).await;
    let url = place["uploadUrl"].as_str().unwrap();
    for (bytes, mime_type) in [(PDF.to_vec(), "application/pdf"), (png(), "image/png"), (b"halo".to_vec(), "text/plain")] {
        let put = answer(http().put(url).header("content-type", "text/plain").body(bytes.clone())).await;
        assert_eq!(put.status, 200, "{:?}", put.body);
        assert_like(&put.body, RESPONSE);
        let data = json!({"mediaId": place["mediaId"], "fileSize": bytes.len(), "mimeType": mime_type});
        assert_eq!(put.body["data"], data);
        assert_eq!(world.files().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_is_good_for_nothing_else() {
    let world = World::new().await;
    let (device, other) = (world.device("Toko").await, world.device("Lain").await);
    let place = place(&world, &device).await;
    let url = place["uploadUrl"].as_str().unwrap();
    let swapped = |from: &str, to: &str| {
        assert!(url.contains(from), "{url} has no {from}");
        url.replace(from, to)
    };
    let (path, _) = url.split_once('?').unwrap();
    for (method, url) in [
        (Method::GET, url.to_owned()),
        (Method::PUT, path.to_owned()),
        (Method::PUT, swapped("expires=", "expires=9")),
        (Method::PUT, swapped("max=", "max=9")),
        (Method::PUT, swapped("signature=", "signature=0")),
        (Method::PUT, swapped(&device.id, &other.id)),
        (Method::PUT, swapped("med_", "med_0")),
        (Method::PUT, format!("{url}&name=x")),
    ] {
        let refused = answer(http().request(method, &url).body(PDF)).await;
        assert_eq!((refused.status, refused.code()), (403, "FORBIDDEN"), "{url}: {:?}", refused.body);
    }
    assert!(world.files().is_empty());
    world.program.delete(&format!("/devices/{}", device.id)).await;
    let gone = answer(http().put(url).body(PDF)).await;
    assert_eq!((gone.status, gone.code()), (404, "MEDIA_NOT_FOUND"), "{:?}", gone.body);
    assert!(world.files().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_empty_or_cut_off_leaves_nothing() {
    const LIMIT: usize = 200_000;
    let world = World::with(&[("MAX_FILE_SIZE", &LIMIT.to_string())]).await;
    let device = world.device("Toko").await;
    let place = place(&world, &device).await;
    assert_eq!(place["maxFileSize"], LIMIT);
    let url = place["uploadUrl"].as_str().unwrap();
    let larger = answer(http().put(url).body(sized(PDF, LIMIT + 1))).await;
    assert_eq!((larger.status, larger.code()), (413, "FILE_TOO_LARGE"), "{:?}", larger.body);
    let chunks = futures::stream::iter([Ok::<_, std::io::Error>(sized(PDF, LIMIT)), Ok(b"x".to_vec())]);
    let chunked = answer(http().put(url).body(reqwest::Body::wrap_stream(chunks))).await;
    assert_eq!((chunked.status, chunked.code()), (413, "FILE_TOO_LARGE"), "{:?}", chunked.body);
    let empty = answer(http().put(url).body("")).await;
    assert_eq!((empty.status, empty.code()), (400, "VALIDATION_ERROR"), "{:?}", empty.body);

    let (address, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("PUT /{path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {LIMIT}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&sized(PDF, LIMIT - 1)).await.unwrap();
    eventually("the file is being written", async || (!world.files().is_empty()).then_some(())).await;
    drop(stream);
    eventually("no file is left", async || world.files().is_empty().then_some(())).await;
    assert_eq!(answer(http().put(url).body(sized(PDF, LIMIT))).await.status, 200);
}
