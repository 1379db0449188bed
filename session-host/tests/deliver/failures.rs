//! Failed tries: the schedule, the reasons, and giving up.

use std::{future::pending, time::Duration};

use axum::http::StatusCode;
use domain::model::WebhookSettings;
use tokio::{io::AsyncWriteExt, net::TcpListener, time};

use super::{
    config, device,
    receiver::{Receiver, raw},
    start, store, webhook,
};

#[tokio::test]
async fn gives_up_after_the_last_retry_and_goes_on() {
    let receiver =
        Receiver::start(|seen, _| async move { if seen.seq() == 1 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::ACCEPTED } })
            .await;
    let store = store(&device("ani"), WebhookSettings { retry_count: 2, ..webhook(&receiver.url) }, 3);
    let _deliverer = start(&store, config());
    store.until(|state| state.done.len() == 2).await;
    assert_eq!(receiver.seqs(), [1, 1, 1, 2, 3]);
    assert_eq!(store.with(|state| state.given_up.clone()), [(1, "status_500".to_owned())]);
    assert_eq!(store.with(|state| state.failed.len()), 2);
}

#[tokio::test]
async fn each_failure_has_a_reason_by_a_stable_name() {
    let answers = Receiver::start(|seen, _| async move {
        let status = seen.path.trim_start_matches('/').parse::<u16>().unwrap();
        (StatusCode::from_u16(status).unwrap(), [("location", "/200")])
    })
    .await;
    let at = |path: &str| answers.url.replace("hook", path);
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}", unused.local_addr().unwrap());
    drop(unused);
    let silent = raw(|stream| async move {
        let _open = stream;
        pending::<()>().await;
    })
    .await;
    let dribbling_head = raw(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx-endless: ").await;
        while stream.write_all(b"x").await.is_ok() {
            time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let hung_up = raw(|_stream| async {}).await;
    let cases = [
        (at("500"), "status_500"),
        (at("410"), "status_410"),
        (at("404"), "status_404"),
        (at("302"), "redirect"),
        (at("308"), "redirect"),
        (closed, "connection"),
        (hung_up, "connection"),
        (silent, "timeout"),
        (dribbling_head, "timeout"),
        ("http://no-such-name.invalid/".into(), "connection"),
        ("http://[zz]/".into(), "invalid_url"),
    ];
    for (url, reason) in cases {
        let store = store(&device("ani"), WebhookSettings { retry_count: 0, timeout_ms: 200, ..webhook(&url) }, 1);
        let _deliverer = start(&store, config());
        store.until(|state| !state.given_up.is_empty()).await;
        assert_eq!(store.with(|state| state.given_up[0].1.clone()), reason, "{url}");
    }
    assert!(answers.seen().iter().all(|seen| seen.path != "/200"), "redirects are not followed");
}

#[tokio::test]
async fn a_slow_or_endless_answer_counts_by_its_status() {
    let dribbling = raw(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
        while stream.write_all(b"x").await.is_ok() {
            time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let endless = raw(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n").await;
        while stream.write_all(&[b'x'; 65536]).await.is_ok() {}
    })
    .await;
    for url in [dribbling, endless] {
        let store = store(&device("ani"), webhook(&url), 2);
        let _deliverer = start(&store, config());
        store.until(|state| state.done.len() == 2).await;
        assert!(store.with(|state| state.failed.is_empty()));
    }
}

#[tokio::test]
async fn a_changed_webhook_is_tried_at_once() {
    let (broken, repaired) = (Receiver::start(|_, _| async { StatusCode::BAD_GATEWAY }).await, Receiver::start(|_, _| async {}).await);
    let ani = device("ani");
    let store = store(&ani, webhook(&broken.url), 2);
    let mut config = config();
    (config.backoff.first, config.backoff.longest) = (Duration::from_secs(3600), Duration::from_secs(3600));
    let deliverer = start(&store, config);
    store.until(|state| state.failed.len() == 1).await;

    store.add(&ani, "an event changes nothing");
    deliverer.wake(&ani);
    store.until(|state| state.reads_of(&ani) == 2).await;
    store.with(|state| state.webhooks.insert(ani.clone(), webhook(&repaired.url)));
    deliverer.renew(&ani);
    store.until(|state| state.done.len() == 3).await;
    assert_eq!((broken.seqs(), repaired.seqs()), (vec![1], vec![1, 2, 3]));
}

#[tokio::test]
async fn a_webhook_that_is_changed_after_a_restart_is_tried_at_once_too() {
    let (broken, repaired) = (Receiver::start(|_, _| async { StatusCode::BAD_GATEWAY }).await, Receiver::start(|_, _| async {}).await);
    let ani = device("ani");
    let store = store(&ani, webhook(&broken.url), 2);
    let mut config = config();
    (config.backoff.first, config.backoff.longest) = (Duration::from_secs(3600), Duration::from_secs(3600));
    let deliverer = start(&store, config.clone());
    store.until(|state| state.failed.len() == 1).await;
    deliverer.shutdown().await;

    let reads = store.with(|state| state.reads_of(&ani));
    let deliverer = start(&store, config);
    store.until(|state| state.reads_of(&ani) > reads).await;
    deliverer.wake(&ani);
    store.until(|state| state.reads_of(&ani) > reads + 1).await;
    store.with(|state| state.webhooks.insert(ani.clone(), webhook(&repaired.url)));
    deliverer.renew(&ani);
    store.until(|state| state.done.len() == 2).await;
    assert_eq!((broken.seqs(), repaired.seqs()), (vec![1], vec![1, 2]));
}
