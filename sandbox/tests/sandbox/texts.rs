//! Texts both ways, with their ticks.

use wacore::types::presence::ReceiptType;

use crate::net::{Net, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_writes_and_learns_what_became_of_it() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;

    companion.send(&budi.jid, "halo", "3EB0A1").await;
    assert_eq!(companion.ack("3EB0A1").await, None);
    companion.receipt("3EB0A1", ReceiptType::Delivered).await;
    let received = budi.message("3EB0A1", |_| true).await;
    assert_eq!(received["text"], "halo");
    assert_eq!(received["from"], "6281100000001@s.whatsapp.net");
    let own = ani.message("3EB0A1", |m| m["status"] == "delivered").await;
    assert_eq!(own["to"], "6281100000002@s.whatsapp.net");

    budi.read("6281100000001").await;
    companion.receipt("3EB0A1", ReceiptType::Read).await;
    ani.message("3EB0A1", |m| m["status"] == "read").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_writes_to_a_companion() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;

    let id = budi.write("+6281100000001", "apa kabar?").await;
    let received = companion.message(&id).await;
    assert_eq!(text(&received), "apa kabar?");
    assert_eq!(received.info.push_name, "Budi");
    assert_eq!(received.info.source.sender.user, budi.number.as_str());
    assert_eq!(received.info.source.sender_alt.as_ref().unwrap().user, budi.lid.user);
    assert!(!received.info.source.is_from_me);
    budi.message(&id, |m| m["status"] == "delivered").await;
    ani.message(&id, |m| m["text"] == "apa kabar?").await;

    let chat = received.info.source.chat.clone();
    companion.client.mark_as_read(&chat, None, &[&id]).await.unwrap();
    budi.message(&id, |m| m["status"] == "read").await;
}
