//! What happens while someone is away.

use wacore::types::presence::ReceiptType;

use crate::net::{Companion, Net, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_gets_everything_it_missed_in_order() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let backend = ani.link().await.stop().await;

    let mut ids = Vec::new();
    for text in ["satu", "dua", "tiga"] {
        ids.push(budi.write(&ani.number, text).await);
    }
    let companion = Companion::start(&net, backend).await;
    for (id, said) in ids.iter().zip(["satu", "dua", "tiga"]) {
        let received = companion.message(id).await;
        assert_eq!(text(&received), said);
        assert!(received.info.is_offline);
    }
    companion.connected().await;
    let live = budi.write(&ani.number, "empat").await;
    assert!(!companion.message(&live).await.info.is_offline);

    // What was acknowledged does not come again.
    let companion = Companion::start(&net, companion.stop().await).await;
    companion.connected().await;
    let last = budi.write(&ani.number, "lima").await;
    companion.message(&last).await;
    assert_eq!(companion.messages_seen(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_acknowledged_comes_again() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let backend = ani.link().await.stop().await;
    let forgetful = Companion::start_forgetful(&net, backend).await;
    forgetful.connected().await;
    let id = budi.write(&ani.number, "halo").await;
    forgetful.refused(&id).await;

    let companion = Companion::start(&net, forgetful.stop().await).await;
    assert_eq!(text(&companion.message(&id).await), "halo");
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_wait_for_their_companion() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    companion.send(&budi.jid, "halo", "3EB0C1").await;
    companion.receipt("3EB0C1", ReceiptType::Delivered).await;
    let backend = companion.stop().await;
    budi.read(&ani.number).await;
    let companion = Companion::start(&net, backend).await;
    companion.receipt("3EB0C1", ReceiptType::Read).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_was_off_catches_up() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    budi.power(false).await;
    companion.send(&budi.jid, "halo", "3EB0C2").await;
    assert_eq!(companion.ack("3EB0C2").await, None);
    assert!(budi.messages().await.is_empty());
    ani.message("3EB0C2", |m| m["status"] == "sent").await;

    budi.power(true).await;
    companion.receipt("3EB0C2", ReceiptType::Delivered).await;
    assert_eq!(budi.messages().await.len(), 1);
    ani.message("3EB0C2", |m| m["status"] == "delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_phone_may_be_off_while_companions_write() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    ani.power(false).await;
    companion.send(&budi.jid, "halo", "3EB0C3").await;
    companion.receipt("3EB0C3", ReceiptType::Delivered).await;
    assert!(ani.messages().await.is_empty());
    ani.power(true).await;
    ani.message("3EB0C3", |m| m["status"] == "delivered").await;
}
