//! Linking and logging in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wacore::store::InMemoryBackend;

use crate::net::{Companion, Net};

#[tokio::test(flavor = "multi_thread")]
async fn pairs_by_qr_and_is_connected_within_two_seconds() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let companion = Companion::start(&net, Arc::new(InMemoryBackend::new())).await;
    let qr = companion.qr().await;
    let started = Instant::now();
    assert_eq!(ani.scan(qr).await, 1);
    companion.connected().await;
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    let pn = companion.client.pn().unwrap();
    assert_eq!((pn.user.as_str(), pn.device), (ani.number.as_str(), 1));
    assert_eq!(companion.client.lid().unwrap().user, ani.lid.user);
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_in_again_after_a_restart() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let backend = ani.link().await.stop().await;
    let companion = Companion::start(&net, backend).await;
    let started = Instant::now();
    companion.connected().await;
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}
