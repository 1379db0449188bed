//! `GET /media/{deviceId}/{mediaId}`

use reqwest::Method;

use crate::world::{Device, Phone, World, answer, download, http, png, sized};

/// A picture that was sent, and the link to it.
async fn sent(world: &World, device: &Device, to: &Phone, bytes: &[u8]) -> (String, String) {
    let id = device.sent_file(&world.program, "document", &to.number, "foto.png", bytes).await;
    let record = world.record(&id, "has a link", |record| record["mediaUrl"].is_string()).await;
    (id, record["mediaUrl"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_hands_the_file_out_whole_and_in_parts() {
    let (world, device, _ani, budi) = World::pair().await;
    let bytes = sized(&png(), 500_000);
    let (_, url) = sent(&world, &device, &budi, &bytes).await;
    let (status, headers, whole) = download(&url).await;
    assert!(status == 200 && whole == bytes);
    assert_eq!((&headers["content-type"], &headers["content-length"]), (&"image/png".parse().unwrap(), &"500000".parse().unwrap()));
    assert_eq!((&headers["x-content-type-options"], &headers["accept-ranges"]), (&"nosniff".parse().unwrap(), &"bytes".parse().unwrap()));
    for (range, status, part) in [
        ("bytes=0-0", 206, &bytes[..1]),
        ("bytes=100000-399999", 206, &bytes[100_000..400_000]),
        ("bytes=499999-", 206, &bytes[499_999..]),
        ("bytes=-5", 206, &bytes[499_995..]),
        ("bytes=500000-", 416, &[]),
        ("bytes=9-3", 200, &bytes[..]),
        ("lines=1-2", 200, &bytes[..]),
    ] {
        let response = http().get(&url).header("range", range).send().await.unwrap();
        assert_eq!(response.status(), status, "{range}");
        assert!(response.bytes().await.unwrap() == part, "{range}");
    }
    let head = http().head(&url).send().await.unwrap();
    assert_eq!((head.status().as_u16(), &head.headers()["content-length"]), (200, &"500000".parse().unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_was_tampered_with_opens_nothing() {
    let (world, device, _ani, budi) = World::pair().await;
    let (_, url) = sent(&world, &device, &budi, &png()).await;
    let other = world.device("Lain").await;
    let (path, query) = url.split_once('?').unwrap();
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
    let rest = url.strip_prefix("https://wa.example.com/api/whatsapp").expect("links begin with PUBLIC_URL").to_owned();
    world.restart().await;
    let here = format!("{}{rest}", world.program.api);
    let (status, _, bytes) = download(&here).await;
    assert!(status == 200 && bytes == png());
    let again = world.record(&id, "is there", |_| true).await;
    assert!(again["mediaUrl"].as_str().unwrap().starts_with("https://wa.example.com/api/whatsapp/media/"), "{again}");
    assert_eq!(world.program.delete(&format!("/devices/{}", device.id)).await.status, 200);
    let gone = answer(http().get(&here)).await;
    assert_eq!((gone.status, gone.code()), (404, "MEDIA_NOT_FOUND"), "{:?}", gone.body);
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
        assert_eq!(
            (&headers["content-security-policy"], &headers["x-content-type-options"]),
            (&"sandbox".parse().unwrap(), &"nosniff".parse().unwrap())
        );
    }
    assert_eq!(world.files().len(), 4);
}
