//! Sessions that one side has lost.

use std::time::{Duration, Instant};

use wacore::iq::prekeys::PreKeyCountSpec;
use wacore::store::traits::SignalStore as _;
use wacore::types::jid::JidExt as _;
use wacore::types::presence::ReceiptType;

use crate::net::{Companion, Net, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_seals_again_for_a_companion_that_lost_its_session() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    // Both sides have written, so the phone no longer sends what opens a session.
    let id = budi.write(&ani.number, "satu").await;
    companion.message(&id).await;
    companion.send(&budi.jid, "dua", "3EB0E1").await;
    companion.receipt("3EB0E1", ReceiptType::Delivered).await;
    let backend = companion.stop().await;
    for jid in [&budi.jid, &budi.lid] {
        let address = jid.to_protocol_address();
        backend.delete_session(address.as_str()).await.unwrap();
    }

    let companion = Companion::start(&net, backend).await;
    companion.connected().await;
    let id = budi.write(&ani.number, "tiga").await;
    assert_eq!(text(&companion.message(&id).await), "tiga");
    budi.message(&id, |m| m["status"] == "delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_asks_again_for_what_it_cannot_open() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    let id = budi.write(&ani.number, "satu").await;
    companion.message(&id).await;
    companion.send(&budi.jid, "dua", "3EB0E2").await;
    companion.receipt("3EB0E2", ReceiptType::Delivered).await;

    // A backup from here on repeats what the phone has seen already.
    let backend = companion.stop().await;
    let address = budi.lid.to_protocol_address();
    let backup = backend.get_session(address.as_str()).await.unwrap().unwrap();
    let companion = Companion::start(&net, backend).await;
    companion.connected().await;
    for id in ["3EB0E3", "3EB0E4"] {
        companion.send(&budi.jid, "hilang", id).await;
        companion.receipt(id, ReceiptType::Delivered).await;
    }
    let backend = companion.stop().await;
    backend.put_session(address.as_str(), &backup).await.unwrap();

    let companion = Companion::start(&net, backend).await;
    companion.connected().await;
    companion.send(&budi.jid, "tiga", "3EB0E5").await;
    let received = budi.message("3EB0E5", |_| true).await;
    assert_eq!(received["text"], "tiga");
    companion.receipt("3EB0E5", ReceiptType::Delivered).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_short_of_keys_publishes_more() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let companion = ani.link().await;
    let count = async || companion.client.execute(PreKeyCountSpec::new()).await.unwrap().count;
    let published = count().await;
    for writer in 0..published - 5 {
        let writer = net.phone(&format!("62811000001{writer:02}"), "Budi").await;
        companion.message(&writer.write(&ani.number, "halo").await).await;
    }
    let started = Instant::now();
    while count().await < published {
        assert!(started.elapsed() < Duration::from_secs(15));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
