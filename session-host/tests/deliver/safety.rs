//! Receivers that are not to be reached, and secrets that are not to be told.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use axum::http::StatusCode;
use domain::model::{Headers, WebhookSettings};
use session_host::deliver::{Config, Reach};
use tracing_subscriber::EnvFilter;

use super::{SECRET, config, device, receiver::Receiver, start, store, webhook};

#[tokio::test]
async fn private_addresses_are_refused_however_they_are_written() {
    let receiver = Receiver::start(|_, _| async { StatusCode::OK }).await;
    let hosts = "localhost LOCALHOST 127.0.0.1 127.1 2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 127.0.0.1. １２７。０。０。１ 0 0.0.0.0 \
        [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [64:ff9b::127.0.0.1] [fe80::1] [fd00::1] user:password@127.0.0.1 \
        10.0.0.1 192.168.0.1 172.16.0.1 169.254.169.254 100.64.0.1 198.51.100.1 224.0.0.1 255.255.255.255";
    for host in hosts.split_whitespace() {
        let url = format!("http://{host}:{}/hook", receiver.port);
        let store = store(&device("ani"), WebhookSettings { retry_count: 0, ..webhook(&url) }, 1);
        let deliverer = start(&store, Config { backoff: config().backoff, ..Config::new(SECRET, Reach::Public) });
        store.until(|state| !state.given_up.is_empty() || !state.done.is_empty()).await;
        assert_eq!(store.with(|state| state.given_up.clone()), [(1, "address_refused".to_owned())], "{url}");
        deliverer.shutdown().await;
    }
    assert!(receiver.seen().is_empty());
}

#[tokio::test]
async fn private_addresses_are_reached_where_they_are_allowed() {
    let receiver = Receiver::start(|_, _| async { StatusCode::OK }).await;
    for host in ["localhost", "2130706433", "[::ffff:127.0.0.1]"] {
        let store = store(&device("ani"), webhook(&format!("http://{host}:{}/hook", receiver.port)), 1);
        let _deliverer = start(&store, config());
        store.until(|state| state.done.len() == 1).await;
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_secret_no_signature_and_no_header_gets_into_the_log() {
    let log = Log::default();
    let writer = log.clone();
    let ours = EnvFilter::new("session_host=trace,fetch=trace,domain=trace,trace=trace");
    tracing_subscriber::fmt().with_env_filter(ours).with_writer(move || writer.clone()).init();
    let receiver = Receiver::start(|_, before| async move { if before < 3 { StatusCode::BAD_GATEWAY } else { StatusCode::OK } }).await;
    let headers: Headers = [("authorization".to_owned(), "Bearer confidential".to_owned())].into();
    let unreachable = "http://user:password@127.0.0.1:9/hook?key=classified";
    let reachable = format!("{}?key=classified", receiver.url);
    for url in [&reachable, unreachable, "http://[zz]/?key=classified"] {
        let webhook = WebhookSettings { secret: Some("hush-hush".into()), headers: headers.clone(), retry_count: 3, ..webhook(url) };
        let store = store(&device("ani"), webhook, 1);
        let deliverer = start(&store, config());
        store.until(|state| !state.given_up.is_empty() || !state.done.is_empty()).await;
        deliverer.shutdown().await;
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("a webhook failed") && log.contains("a webhook worked again") && log.contains("a webhook delivery was given up"),
        "{log}"
    );
    let mut secrets: Vec<_> = ["hush-hush", SECRET, "confidential", "password", "classified", "/hook"].map(str::to_owned).into();
    for seen in receiver.seen() {
        secrets.extend(["x-signature", "webhook-signature"].map(|name| seen.header(name).to_owned()));
    }
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} in {log}");
    }
}
