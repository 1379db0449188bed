//! Linking and logging in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use wacore::store::InMemoryBackend;
use wacore::types::events::Event;

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

#[tokio::test(flavor = "multi_thread")]
async fn learns_the_name_of_the_person() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let companion = ani.link().await;
    assert_eq!(companion.client.push_name(), "Ani");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_for_one_companion() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let companion = Companion::start(&net, Arc::new(InMemoryBackend::new())).await;
    let qr = companion.qr().await;
    ani.scan(qr.clone()).await;
    let again = net.call(Method::POST, "/phones/6281100000001/scan", json!({"qr": qr}));
    assert_eq!(again.await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switched_off_phone_scans_nothing() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let companion = Companion::start(&net, Arc::new(InMemoryBackend::new())).await;
    let qr = companion.qr().await;
    ani.power(false).await;
    let scan = net.call(Method::POST, "/phones/6281100000001/scan", json!({"qr": qr}));
    assert_eq!(scan.await.0, 409);
    ani.power(true).await;
    ani.scan(qr).await;
    companion.connected().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_login_of_one_device_replaces_the_first() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let first = ani.link().await;
    let second = Companion::start(&net, first.backend.clone()).await;
    second.connected().await;
    first.wait("replacement", |event| matches!(event, Event::StreamReplaced(_)).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_device_is_logged_out() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let companion = ani.link().await;
    ani.remove(1).await;
    let logged_out = |event: &Event| match event {
        Event::LoggedOut(out) => Some(out.on_connect),
        _ => None,
    };
    assert!(!companion.wait("logout", logged_out).await);

    let again = Companion::start(&net, companion.stop().await).await;
    assert!(again.wait("logout", logged_out).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_logs_itself_out() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let companion = ani.link().await;
    companion.client.logout().await;
    let removed = net.call(Method::DELETE, "/phones/6281100000001/devices/1", Value::Null);
    assert_eq!(removed.await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_keeps_companions_out_until_it_is_lifted() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let companion = ani.link().await;
    ani.post("ban", json!({"seconds": 3600})).await;
    let banned = |event: &Event| match event {
        Event::TemporaryBan(ban) => Some(ban.expire.num_seconds()),
        _ => None,
    };
    let left = companion.wait("ban", banned).await;
    assert!((3590..=3600).contains(&left), "{left}");

    let again = Companion::start(&net, companion.stop().await).await;
    again.wait("ban", banned).await;

    ani.post("ban", json!({"seconds": 0})).await;
    let backend = again.stop().await;
    Companion::start(&net, backend).await.connected().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_unknown_to_an_empty_world() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let companion = ani.link().await;
    net.post("/reset", json!({})).await;
    companion.wait("logout", |event| matches!(event, Event::LoggedOut(_)).then_some(())).await;
}
