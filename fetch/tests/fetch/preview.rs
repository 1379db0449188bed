//! Link previews of pages on loopback.

use std::io::Cursor;

use fetch::{Fetcher, LinkPreview, Reach, link_preview};
use image::{ImageFormat, RgbImage};

use crate::server::{
    Server,
    Then::{self, Closes, Stalls},
};

fn fetcher() -> Fetcher {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Fetcher::new(Reach::Loopback)
}

fn png() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::new(300, 200).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A page at `/page`, a picture at `/tea.png`.
async fn site(head: &'static str, page: impl Into<Vec<u8>>, then: Then) -> Server {
    let page = page.into();
    let answer = move |request: &str| {
        if request.starts_with("GET /page ") {
            [format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n").as_bytes(), &page].concat()
        } else if request.starts_with("GET /tea.png ") {
            [&b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n"[..], &png()].concat()
        } else {
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec()
        }
    };
    Server::start(answer, then).await
}

#[tokio::test]
async fn a_page_is_shown_with_its_words_and_its_picture() {
    let html = "<title>Tea</title><meta property='og:description' content='Green &amp; black'><meta property='og:image' content='tea.png'>";
    let site = site("Content-Type: text/html; charset=utf-8", html, Closes).await;
    let preview = link_preview(&fetcher(), &site.url("/page")).await.unwrap();
    assert_eq!(preview.url, site.url("/page"));
    assert_eq!((preview.title.as_str(), preview.description.as_deref()), ("Tea", Some("Green & black")));
    assert_eq!(media::sniff(&preview.thumbnail_jpeg.unwrap()), Some("image/jpeg"));
}

#[tokio::test]
async fn a_picture_that_cannot_be_had_is_left_out() {
    for image in ["/none.png", "/page", "file:///etc/passwd", "http://10.0.0.1/a.png", "::"] {
        let html = format!("<title>Tea</title><meta property='og:image' content='{image}'>");
        let site = site("Content-Type: text/html", html, Closes).await;
        let url = site.url("/page");
        let preview = link_preview(&fetcher(), &url).await;
        assert_eq!(preview, Some(LinkPreview { url, title: "Tea".into(), description: None, thumbnail_jpeg: None }), "{image}");
    }
}

#[tokio::test]
async fn a_page_without_end_is_read_as_far_as_it_matters() {
    let html = format!("<title>Tea</title>{}", "x".repeat(600 * 1024));
    let site = site("Content-Type: text/html\r\nContent-Length: 999999999", html, Stalls).await;
    assert_eq!(link_preview(&fetcher(), &site.url("/page")).await.unwrap().title, "Tea");
}

#[tokio::test]
async fn what_is_no_page_has_no_preview() {
    let pdf = site("Content-Type: application/pdf", "<title>Tea</title>", Closes).await;
    let untitled = site("Content-Type: text/html", "<p>Tea", Closes).await;
    for url in [pdf.url("/page"), untitled.url("/page"), pdf.url("/nowhere"), "http://10.0.0.1/".into(), "not a url".into()] {
        assert_eq!(link_preview(&fetcher(), &url).await, None, "{url}");
    }
}

#[tokio::test]
async fn nobody_waits_for_a_page_that_does_not_come() {
    let site = Server::answering("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>Te", Stalls).await;
    assert_eq!(link_preview(&fetcher(), &site.url("/page")).await, None);
}
