//! What a receiver gets.

use std::collections::HashSet;

use axum::{Router, extract::ConnectInfo};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{
    model::{Headers, WebhookSettings},
    pipeline::sign,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::{net::TcpListener, sync::mpsc};

use super::{
    SECRET, config, device,
    receiver::{Receiver, Seen},
    start, store, webhook,
};

/// As a receiver checks it.
fn assert_signed(seen: &Seen, secret: &str, key: &[u8]) {
    assert_eq!(seen.header("x-signature"), format!("sha256={}", sign(secret, &seen.body)));
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(format!("{}.{}.", seen.header("webhook-id"), seen.header("webhook-timestamp")).as_bytes());
    mac.update(&seen.body);
    let standard = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!(seen.header("webhook-signature"), format!("v1,{standard}"));
}

#[tokio::test]
async fn a_post_is_json_signed_with_the_webhooks_secret_or_else_the_installations() {
    let receiver = Receiver::start(|_, _| async {}).await;
    let key = BASE64_STANDARD.encode(b"0123456789abcdef");
    let own = format!("whsec_{key}");
    for (secret, key) in [(None, SECRET.as_bytes()), (Some(own.as_str()), b"0123456789abcdef")] {
        let store = store(&device("ani"), WebhookSettings { secret: secret.map(Into::into), ..webhook(&receiver.url) }, 0);
        store.add(&device("ani"), "“emoji” 👩‍👩‍👧 \u{2028} \u{1} \" \\ </script> \u{10ffff}");
        let _deliverer = start(&store, config());
        store.until(|state| state.done.len() == 1).await;
        let seen = receiver.seen().pop().unwrap();
        assert_signed(&seen, secret.unwrap_or(SECRET), key);
        assert_eq!(seen.header("content-type"), "application/json");
        assert_eq!(seen.header("user-agent"), concat!("warta/", env!("CARGO_PKG_VERSION")));
        assert_eq!(seen.header("webhook-id"), "evt_ani_1");
    }
}

#[tokio::test]
async fn the_users_headers_come_along_but_replace_none_of_ours() {
    let receiver = Receiver::start(|_, _| async {}).await;
    let headers = [
        ("X-Tenant", "42"),
        ("x-city", "Malmö"),
        ("Authorization", "Bearer abc"),
        ("User-Agent", "mine"),
        ("Content-Type", "text/plain"),
        ("X-Signature", "sha256=00"),
        ("Webhook-Id", "forged"),
        ("Host", "elsewhere.example"),
        ("Content-Length", "1"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "close"),
        ("not a name", "x"),
        ("x-split", "a\r\nx-injected: b"),
    ];
    let headers: Headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let url = receiver.url.replace("http://", "http://user:password@");
    let store = store(&device("ani"), WebhookSettings { headers, ..webhook(&url) }, 1);
    let _deliverer = start(&store, config());
    store.until(|state| state.done.len() == 1).await;
    let seen = receiver.seen().pop().unwrap();
    assert_signed(&seen, SECRET, SECRET.as_bytes());
    for (name, value) in [("x-tenant", "42"), ("authorization", "Bearer abc"), ("user-agent", "mine"), ("content-type", "application/json")]
    {
        assert_eq!(seen.header(name), value);
        assert_eq!(seen.headers.get_all(name).iter().count(), 1, "{name}");
    }
    assert_eq!(seen.headers["x-city"], "Malmö".as_bytes());
    assert_eq!(seen.header("host"), format!("127.0.0.1:{}", receiver.port));
    assert_eq!(seen.header("content-length"), seen.body.len().to_string());
    for name in ["x-split", "x-injected", "transfer-encoding", "connection"] {
        assert!(!seen.headers.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn the_credentials_of_a_url_become_basic_authentication() {
    let receiver = Receiver::start(|_, _| async {}).await;
    let store = store(&device("ani"), webhook(&receiver.url.replace("http://", "http://user:password@")), 1);
    let _deliverer = start(&store, config());
    store.until(|state| state.done.len() == 1).await;
    assert_eq!(receiver.seen()[0].header("authorization"), format!("Basic {}", BASE64_STANDARD.encode("user:password")));
}

#[tokio::test]
async fn a_devices_posts_share_a_connection() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let router = Router::new().fallback(move |ConnectInfo(peer): ConnectInfo<std::net::SocketAddr>| {
        let told = tell.send(peer);
        async move {
            assert!(told.is_ok());
            "an answer that has to be read first".repeat(100)
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router.into_make_service_with_connect_info::<std::net::SocketAddr>()).await });
    let store = store(&device("ani"), webhook(&url), 100);
    let _deliverer = start(&store, config());
    store.until(|state| state.done.len() == 100).await;
    let mut peers = HashSet::new();
    while let Ok(peer) = told.try_recv() {
        peers.insert(peer);
    }
    assert_eq!(peers.len(), 1);
}
