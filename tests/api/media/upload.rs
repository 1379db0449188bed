//! `PUT /media/{deviceId}/{mediaId}`

use reqwest::{Body, Method};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::world::{Answer, Device, PDF, Phone, World, answer, assert_like, eventually, http, is_split, png, put_at, sized};

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
    for (bytes, mime_type) in [(PDF.to_vec(), "application/pdf"), (png(), "image/png"), (b"halo".to_vec(), "text/plain")] {
        let put = answer(put_at(&place).header("content-type", "text/plain").body(bytes.clone())).await;
        assert_eq!(put.status, 200, "{:?}", put.body);
        // S3 takes it without a word.
        if !is_split() {
            assert_like(&put.body, RESPONSE);
            let data = json!({"mediaId": place["mediaId"], "fileSize": bytes.len(), "mimeType": mime_type});
            assert_eq!(put.body["data"], data);
        }
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
    let signed: &[_] = if is_split() { &["X-Amz-Expires=", "X-Amz-Signature="] } else { &["expires=", "max=", "signature="] };
    let forged = signed.iter().map(|name| (Method::PUT, swapped(name, &format!("{name}9"))));
    // MiniStack, unlike S3, lets in who has no signature at all.
    let unsigned = (!is_split()).then(|| (Method::PUT, path.to_owned()));
    for (method, url) in forged.chain(unsigned).chain([
        (Method::GET, url.to_owned()),
        (Method::PUT, swapped(&device.id, &other.id)),
        (Method::PUT, swapped("med_", "med_0")),
        (Method::PUT, format!("{url}&name=x")),
    ]) {
        let headers = place["headers"].as_object().unwrap().iter();
        let request = headers.fold(http().request(method, &url), |request, (name, value)| request.header(name, value.as_str().unwrap()));
        let refused = answer(request.body(PDF)).await;
        // S3 has words of its own for it.
        assert_eq!((refused.status, is_split() || refused.code() == "FORBIDDEN"), (403, true), "{url}: {:?}", refused.body);
    }
    assert!(world.files().is_empty());
    world.program.delete(&format!("/devices/{}", device.id)).await;
    let gone = answer(put_at(&place).body(PDF)).await;
    if is_split() {
        // S3 asks nobody whether the device is still there. What is not kept goes after a day.
        assert_eq!(gone.status, 200, "{:?}", gone.body);
        return;
    }
    assert_eq!((gone.status, gone.code()), (404, "MEDIA_NOT_FOUND"), "{:?}", gone.body);
    assert!(world.files().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_empty_or_cut_off_leaves_nothing() {
    const LIMIT: usize = 200_000;
    let (world, device, _ani, budi) = World::pair_with(&[("MAX_FILE_SIZE", &LIMIT.to_string())]).await;
    let place = place(&world, &device).await;
    assert_eq!(place["maxFileSize"], LIMIT);
    let larger = refused(&world, &device, &budi, &place, sized(PDF, LIMIT + 1).into()).await;
    assert_eq!((larger.status, larger.code()), (413, "FILE_TOO_LARGE"), "{:?}", larger.body);
    let empty = refused(&world, &device, &budi, &place, "".into()).await;
    assert_eq!((empty.status, empty.code()), (400, "VALIDATION_ERROR"), "{:?}", empty.body);
    // S3 wants to know a file's size first, and keeps nothing that has not come whole.
    if !is_split() {
        let chunks = futures::stream::iter([Ok::<_, std::io::Error>(sized(PDF, LIMIT)), Ok(b"x".to_vec())]);
        let chunked = refused(&world, &device, &budi, &place, Body::wrap_stream(chunks)).await;
        assert_eq!((chunked.status, chunked.code()), (413, "FILE_TOO_LARGE"), "{:?}", chunked.body);

        let (address, path) = place["uploadUrl"].as_str().unwrap().strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("PUT /{path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {LIMIT}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&sized(PDF, LIMIT - 1)).await.unwrap();
        eventually("the file is being written", async || (!world.files().is_empty()).then_some(())).await;
        drop(stream);
        eventually("no file is left", async || world.files().is_empty().then_some(())).await;
    }
    assert_eq!(answer(put_at(&place).body(sized(PDF, LIMIT))).await.status, 200);
    device.sent_as(&world.program, "/send/document", &budi.number, json!({"mediaId": place["mediaId"]})).await;
    assert_eq!((world.files().len(), budi.inbox().await.len()), (1, 1));
}

/// Why a file is not taken, which its user is told at once, or when it is to be sent: S3 takes whatever is put there.
async fn refused(world: &World, device: &Device, to: &Phone, place: &Value, file: Body) -> Answer {
    let put = answer(put_at(place).body(file)).await;
    if !is_split() {
        return put;
    }
    assert_eq!(put.status, 200, "{:?}", put.body);
    device.send_as(&world.program, "/send/document", &to.number, json!({"mediaId": place["mediaId"]})).await
}
