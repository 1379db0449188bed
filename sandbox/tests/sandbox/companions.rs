//! Several companions of one person, and companions on both sides.

use wacore::types::events::Event;
use wacore::types::presence::ReceiptType;

use crate::net::{Net, text};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_person_types_on_the_phone_reaches_the_companion() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;

    let id = ani.write(&budi.number, "dari ponsel").await;
    let copy = companion.message(&id).await;
    assert_eq!(text(&copy), "dari ponsel");
    assert!(copy.info.source.is_from_me);
    assert_eq!(copy.info.source.chat.user, budi.number.as_str());
    companion.receipt(&id, ReceiptType::Delivered).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_companions_of_a_person_see_the_same() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let desk = ani.link().await;
    let home = ani.link().await;
    let other = budi.link().await;

    desk.send(&budi.jid, "halo", "3EB0B1").await;
    let copy = home.message("3EB0B1").await;
    assert!(copy.info.source.is_from_me);
    assert_eq!(copy.info.source.chat.user, budi.number.as_str());
    assert_eq!(text(&other.message("3EB0B1").await), "halo");
    desk.receipt("3EB0B1", ReceiptType::Delivered).await;
    home.receipt("3EB0B1", ReceiptType::Delivered).await;

    other.send(&ani.jid, "hai", "3EB0B2").await;
    assert_eq!(text(&desk.message("3EB0B2").await), "hai");
    assert_eq!(text(&home.message("3EB0B2").await), "hai");
    ani.message("3EB0B2", |_| true).await;
    budi.message("3EB0B2", |m| m["status"] == "delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_linked_later_gets_what_follows() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let early = ani.link().await;
    early.send(&budi.jid, "satu", "3EB0B3").await;
    assert_eq!(early.ack("3EB0B3").await, None);

    let late = budi.link().await;
    early.wait("news of the device", |event| matches!(event, Event::DeviceListUpdate(_)).then_some(())).await;
    early.send(&budi.jid, "dua", "3EB0B4").await;
    assert_eq!(text(&late.message("3EB0B4").await), "dua");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_companion_reads_is_read_on_the_phone() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    let id = budi.write(&ani.number, "halo").await;
    let received = companion.message(&id).await;
    let chat = received.info.source.chat.clone();
    companion.client.mark_as_read(&chat, None, &[&id]).await.unwrap();
    budi.message(&id, |m| m["status"] == "read").await;
    // Nothing is left to read, so no second receipt goes out.
    ani.read(&budi.number).await;
}
