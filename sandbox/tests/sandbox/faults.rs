//! Bad weather.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use wacore::store::InMemoryBackend;
use wacore::types::events::Event;
use wacore::types::presence::ReceiptType;

use crate::net::{Companion, Net};

#[tokio::test(flavor = "multi_thread")]
async fn dropped_connections_come_back() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    net.faults(json!({"dropConnections": true})).await;
    companion.wait("disconnection", |event| matches!(event, Event::Disconnected(_)).then_some(())).await;
    let id = budi.write(&ani.number, "sementara itu").await;
    companion.connected().await;
    companion.message(&id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_connections_are_let_in_later() {
    let net = Net::start().await;
    net.faults(json!({"refuseConnections": true})).await;
    let refused = tokio_tungstenite::connect_async(net.url()).await;
    let Err(tokio_tungstenite::tungstenite::Error::Http(answer)) = refused else {
        panic!("let in");
    };
    assert_eq!(answer.status(), 503);

    let companion = Companion::start(&net, Arc::new(InMemoryBackend::new())).await;
    // A partial change leaves the rest as it is.
    net.faults(json!({"ackDelayMs": 0})).await;
    assert!(tokio_tungstenite::connect_async(net.url()).await.is_err());
    net.faults(json!({"refuseConnections": false})).await;
    companion.qr().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acks_are_delayed() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    net.faults(json!({"ackDelayMs": 400})).await;
    let started = Instant::now();
    companion.send(&budi.jid, "halo", "3EB0D1").await;
    companion.receipt("3EB0D1", ReceiptType::Delivered).await;
    assert_eq!(companion.ack("3EB0D1").await, None);
    assert!(started.elapsed() >= Duration::from_millis(400));
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_messages_are_not_delivered() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    net.faults(json!({"nackNext": 1})).await;
    companion.send(&budi.jid, "satu", "3EB0D2").await;
    assert_eq!(companion.ack("3EB0D2").await.as_deref(), Some("503"));
    companion.send(&budi.jid, "dua", "3EB0D3").await;
    assert_eq!(companion.ack("3EB0D3").await, None);
    budi.message("3EB0D3", |_| true).await;
    assert_eq!(budi.messages().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered_late_or_not_at_all() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    net.faults(json!({"queryDelayMs": 300})).await;
    let started = Instant::now();
    assert!(companion.client.groups().get_participating().await.unwrap().is_empty());
    assert!(started.elapsed() >= Duration::from_millis(300));
    let companion = Companion::start(&net, companion.stop().await).await;
    companion.connected().await;

    net.faults(json!({"queryDelayMs": 0, "failQueries": 2})).await;
    assert!(companion.client.groups().get_participating().await.is_err());
    assert!(companion.client.contacts().get_user_info(std::slice::from_ref(&budi.jid)).await.is_err());
    assert!(companion.client.groups().get_participating().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_leaves_nothing_running() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    net.faults(json!({"ackDelayMs": 3_600_000})).await;
    companion.send(&budi.jid, "halo", "3EB0D4").await;
    companion.receipt("3EB0D4", ReceiptType::Delivered).await;
    companion.stop().await;
    tokio::time::timeout(Duration::from_secs(5), net.shutdown()).await.unwrap();
}
