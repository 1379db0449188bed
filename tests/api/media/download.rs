//! `GET /media/{deviceId}/{mediaId}`

use reqwest::{Client, Method, header::HeaderMap, redirect::Policy};

use crate::world::{Device, Phone, World, answer, download, http, is_split, png, sized};

/// A picture that was sent, and the link to it.
async fn sent(world: &World, device: &Device, to: &Phone, bytes: &[u8]) -> (String, String) {
    let id = device.sent_file(&world.program, "document", &to.number, "foto.png", bytes).await;
    let record = world.record(&id, "has a link", |record| record["mediaUrl"].is_string()).await;
    (id, record["mediaUrl"].as_str().unwrap().to_owned())
}

/// Fails unless browsers are told to take the file for nothing else, and to run nothing in it if it is to be in a sandbox. S3 knows no
/// such words; nothing of ours shares its origin.
fn assert_guarded(headers: &HeaderMap, sandboxed: bool) {
    if is_split() {
        return;
    }
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(!sandboxed || headers["content-security-policy"] == "sandbox", "{headers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_hands_the_file_out_whole_and_in_parts() {
    let (world, device, _ani, budi) = World::pair().await;
    let bytes = sized(&png(), 500_000);
    let (_, url) = sent(&world, &device, &budi, &bytes).await;
    let (status, headers, whole) = download(&url).await;
    assert!(status == 200 && whole == bytes);
    assert_eq!((&headers["content-type"], &headers["content-length"]), (&"image/png".parse().unwrap(), &"500000".parse().unwrap()));
    assert_eq!(headers["accept-ranges"], "bytes");
    assert_guarded(&headers, false);
    // MiniStack, unlike S3, finds no such part in what is no range.
    let no_range = if is_split() { 416 } else { 200 };
    for (range, status, part) in [
        ("bytes=0-0", 206, &bytes[..1]),
        ("bytes=100000-399999", 206, &bytes[100_000..400_000]),
        ("bytes=499999-", 206, &bytes[499_999..]),
        ("bytes=-5", 206, &bytes[499_995..]),
        ("bytes=500000-", 416, &[]),
        ("bytes=9-3", no_range, &bytes[..]),
        ("lines=1-2", no_range, &bytes[..]),
    ] {
        let response = http().get(&url).header("range", range).send().await.unwrap();
        assert_eq!(response.status(), status, "{range}");
        // S3 says in words that there is no such part.
        assert!(response.bytes().await.unwrap() == part || is_split() && status == 416, "{range}");
    }
    let head = http().head(&url).send().await.unwrap();
    if is_split() {
        let unfollowed = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap().get(&url).send().await.unwrap();
        assert_eq!((unfollowed.status().as_u16(), &unfollowed.headers()["cache-control"]), (307, &"no-store".parse().unwrap()));
        assert!(unfollowed.headers()["location"].to_str().unwrap().contains("X-Amz-Signature="), "{unfollowed:?}");
        // S3 signs for one method.
        assert_eq!(head.status(), 403);
        return;
    }
    assert_eq!((head.status().as_u16(), &head.headers()["content-length"]), (200, &"500000".parse().unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_was_tampered_with_opens_nothing() {
    let (world, device, _ani, budi) = World::pair().await;
    let (_, url) = sent(&world, &device, &budi, &png()).await;
    let other = world.device("Lain").await;
    let (path, query) = url.split_once('?').unwrap();
    assert!(query.contains("expires="), "{query}");
    let signature = query.split("signature=").nth(1).unwrap().split('&').next().unwrap();
    for (method, url) in [
        (Method::GET, path.to_owned()),
        (Method::PUT, url.clone()),
        (Method::GET, url.replace("expires=", "expires=9")),
        (Method::GET, url.replace("image%2Fpng", "text%2Fhtml")),
        (Method::GET, url.replace("foto", "x")),
        (Method::GET, url.replace(&device.id, &other.id)),
        (Method::GET, url.replace("med_", "med_0")),
        (Method::GET, url.replace(signature, &signature[1..])),
    ] {
        let refused = answer(http().request(method, &url)).await;
        assert_eq!((refused.status, refused.code()), (403, "FORBIDDEN"), "{url}: {:?}", refused.body);
    }
    assert_eq!(download(&url).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_outlive_a_restart_and_files_go_with_their_device() {
    let (mut world, device, _ani, budi) = World::pair_with(&[("PUBLIC_URL", "https://wa.example.com")]).await;
    let (id, url) = sent(&world, &device, &budi, &png()).await;
    let begin = "https://wa.example.com/api/whatsapp/media/";
    let rest = url.strip_prefix(begin).expect("links begin with PUBLIC_URL");
    world.restart().await;
    let here = format!("{}/media/{rest}", world.program.api);
    let (status, _, bytes) = download(&here).await;
    assert!(status == 200 && bytes == png());
    let again = world.record(&id, "is there", |_| true).await;
    assert!(again["mediaUrl"].as_str().unwrap().starts_with(begin), "{again}");
    assert_eq!(world.program.delete(&format!("/devices/{}", device.id)).await.status, 200);
    let gone = answer(http().get(&here)).await;
    // S3 has words of its own for it.
    assert_eq!((gone.status, is_split() || gone.code() == "MEDIA_NOT_FOUND"), (404, true), "{:?}", gone.body);
    assert!(world.files().is_empty(), "{:?}", world.files());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_browsers_would_run_is_never_shown_to_them() {
    let (world, device, _ani, budi) = World::pair().await;
    for (name, bytes, shown) in [
        ("a.png", png(), "inline"),
        ("a.html", b"<html><script>alert(1)</script></html>".to_vec(), "attachment"),
        ("a.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".to_vec(), "attachment"),
        ("a.bin", b"\0\x01\x02".to_vec(), "attachment"),
    ] {
        let id = device.sent_file(&world.program, "document", &budi.number, name, &bytes).await;
        let record = world.record(&id, "is there", |_| true).await;
        let (_, headers, linked) = download(record["mediaUrl"].as_str().unwrap()).await;
        assert!(linked == bytes);
        let disposition = headers["content-disposition"].to_str().unwrap();
        assert_eq!(disposition, format!("{shown}; filename=\"{name}\""));
        assert_guarded(&headers, true);
    }
    assert_eq!(world.files().len(), 4);
}
