//! Whatever a server does, a fetch ends as its contract says.

use std::time::Duration;

use fetch::{FetchError, Fetcher, Limits, Reach};
use futures::StreamExt;

use crate::server::{
    Server,
    Then::{Closes, Stalls},
};

fn fetcher(reach: Reach) -> Fetcher {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Fetcher::new(reach)
}

#[tokio::test]
async fn a_body_comes_with_its_type_and_name() {
    let answer =
        "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 5\r\nContent-Disposition: inline; filename=\"a b.png\"\r\n\r\nbytes";
    let server = Server::answering(answer, Closes).await;
    let fetched = fetcher(Reach::Loopback).get(&server.url("/c.jpg?x=1"), Limits::bytes(5)).await.unwrap();
    assert_eq!(fetched.content_type.as_deref(), Some("image/png"));
    assert_eq!(fetched.file_name.as_deref(), Some("a b.png"));
    assert_eq!(fetched.size, Some(5));
    assert_eq!(fetched.body.bytes().await.unwrap(), "bytes");
}

#[tokio::test]
async fn a_file_without_a_disposition_is_named_after_its_path() {
    let server = Server::answering("HTTP/1.1 200 OK\r\n\r\n", Closes).await;
    let fetched = fetcher(Reach::Anywhere).get(&server.url("/a/my%20photo.jpg?x=/y"), Limits::bytes(5)).await.unwrap();
    assert_eq!(fetched.file_name.as_deref(), Some("my photo.jpg"));
    assert_eq!((fetched.content_type, fetched.size), (None, None));
}

#[tokio::test]
async fn bytes_are_passed_on_as_they_lie_there() {
    let server = Server::start(
        |head| {
            assert!(head.contains("accept-encoding: identity\r\n"), "{head}");
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00".to_vec()
        },
        Closes,
    )
    .await;
    let fetched = fetcher(Reach::Loopback).get(&server.url("/"), Limits::bytes(9)).await.unwrap();
    assert_eq!(fetched.body.bytes().await.unwrap(), b"\x1f\x8b\x08\x00"[..]);
}

#[tokio::test]
async fn what_promises_to_be_too_large_is_not_read() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", Stalls).await;
    let fetched = fetcher(Reach::Loopback).get(&server.url("/"), Limits::bytes(5)).await;
    assert!(matches!(fetched, Err(FetchError::TooLarge)));
}

#[tokio::test]
async fn what_turns_out_too_large_ends_with_an_error() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n";
    let server = Server::answering(answer, Stalls).await;
    let mut body = fetcher(Reach::Loopback).get(&server.url("/"), Limits::bytes(5)).await.unwrap().body;
    let error = loop {
        match body.next().await.unwrap() {
            Ok(bytes) => assert!("abc".contains(std::str::from_utf8(&bytes).unwrap())),
            Err(error) => break error,
        }
    };
    assert!(matches!(FetchError::within(&error), Some(FetchError::TooLarge)), "{error}");
    assert!(body.next().await.is_none());
}

#[tokio::test]
async fn a_prefix_needs_no_end() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n";
    let server = Server::answering(answer, Stalls).await;
    let fetched = fetcher(Reach::Loopback).get(&server.url("/"), Limits::bytes(u64::MAX)).await.unwrap();
    assert_eq!(fetched.body.prefix(4).await.unwrap(), "abcd");
}

#[tokio::test]
async fn silence_is_cut_off_before_and_in_a_body() {
    let limits = Limits { timeout: Duration::from_millis(100), ..Limits::bytes(100) };
    let server = Server::answering("", Stalls).await;
    let fetched = fetcher(Reach::Loopback).get(&server.url("/"), limits).await;
    assert!(matches!(fetched, Err(FetchError::TimedOut)));

    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", Stalls).await;
    let fetched = fetcher(Reach::Loopback).get(&server.url("/"), limits).await.unwrap();
    assert!(matches!(fetched.body.bytes().await, Err(FetchError::TimedOut)));
}

#[tokio::test]
async fn a_broken_body_is_an_error() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", Closes).await;
    let fetched = fetcher(Reach::Loopback).get(&server.url("/"), Limits::bytes(100)).await.unwrap();
    assert!(matches!(fetched.body.bytes().await, Err(FetchError::Unreachable(_))));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Server::answering("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", Closes).await;
    let fetched = fetcher(Reach::Loopback).get(&server.url("/"), Limits::bytes(100)).await;
    assert!(matches!(fetched, Err(FetchError::Status(302))));
}

#[tokio::test]
async fn each_failure_has_its_own_name() {
    let cases = [
        (Reach::Public, "http://127.0.0.1/", "Refused"),
        (Reach::Public, "http://localhost/", "Refused"),
        (Reach::Public, "http://[::ffff:10.0.0.1]/", "Refused"),
        (Reach::Loopback, "http://1.1.1.1/", "Refused"),
        (Reach::Anywhere, "not a url", "InvalidUrl"),
        (Reach::Anywhere, "file:///etc/passwd", "InvalidUrl"),
        (Reach::Anywhere, "http://", "InvalidUrl"),
        // Nobody listens on the lowest port.
        (Reach::Anywhere, "http://127.0.0.1:1/", "Unreachable"),
    ];
    for (reach, url, expected) in cases {
        let error = fetcher(reach).get(url, Limits::bytes(100)).await.err().unwrap();
        assert!(format!("{error:?}").starts_with(expected), "{url}: {error:?}");
    }
}
