//! Texts both ways, with their ticks.

use reqwest::Method;
use serde_json::json;
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

#[tokio::test(flavor = "multi_thread")]
async fn number_and_lid_are_one_person() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;

    companion.send(&budi.lid, "halo", "3EB0A2").await;
    assert_eq!(companion.ack("3EB0A2").await, None);
    let received = budi.message("3EB0A2", |_| true).await;
    assert_eq!(received["from"], "6281100000001@s.whatsapp.net");

    let id = budi.write(&ani.lid.to_string(), "juga").await;
    let received = companion.message(&id).await;
    assert_eq!(received.info.source.sender.user, budi.lid.user);
    assert_eq!(received.info.source.sender_alt.as_ref().unwrap().user, budi.jid.user);
    budi.message(&id, |m| m["status"] == "delivered").await;

    let id = budi.write(&ani.jid.to_string(), "lagi").await;
    companion.message(&id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn someone_may_be_known_by_lid_alone() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    for (options, number) in [
        (json!({"as": "lid"}), None),
        (json!({"as": "lid", "withNumber": true}), Some(&budi.jid.user)),
        (json!({"as": "pn"}), Some(&budi.lid.user)),
        (json!({"as": "lid"}), None),
    ] {
        let mut message = json!({"to": ani.number, "text": "halo"});
        message.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let id = budi.post("messages", message).await["id"].as_str().unwrap().to_owned();
        let received = companion.message(&id).await;
        assert_eq!(text(&received), "halo");
        assert_eq!(received.info.source.sender_alt.as_ref().map(|other| &other.user), number, "{options}");
        budi.message(&id, |m| m["status"] == "delivered").await;
        companion.client.mark_as_read(&received.info.source.chat, None, &[&id]).await.unwrap();
        budi.message(&id, |m| m["status"] == "read").await;
    }
    companion.send(&budi.lid, "juga", "3EB0A6").await;
    budi.message("3EB0A6", |m| m["text"] == "juga").await;
    companion.send(&budi.jid, "juga", "3EB0A7").await;
    budi.message("3EB0A7", |m| m["text"] == "juga").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_known_by_lid_alone_can_be_answered() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    let id = budi.post("messages", json!({"to": ani.number, "text": "siapa ini?", "as": "lid"})).await["id"].clone();
    let chat = companion.message(id.as_str().unwrap()).await.info.source.chat.clone();
    assert_eq!(chat, budi.lid);
    companion.send(&chat, "Ani", "3EB0A8").await;
    companion.receipt("3EB0A8", ReceiptType::Delivered).await;
    budi.message("3EB0A8", |m| m["from"] == "6281100000001@s.whatsapp.net").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_write_to_each_other() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;

    let ids = [ani.write(&budi.number, "satu").await, ani.write(&budi.number, "dua").await, budi.write(&ani.number, "tiga").await];
    let seen: Vec<_> = budi.messages().await.iter().map(|m| m["id"].clone()).collect();
    assert_eq!(seen, ids);
    ani.message(&ids[0], |m| m["status"] == "delivered").await;
    budi.read(&ani.number).await;
    ani.message(&ids[1], |m| m["status"] == "read").await;
    ani.message(&ids[2], |m| m["status"].is_null()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_hears_a_text_to_a_stranger() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let companion = ani.link().await;
    let path = "/phones/6281100000001/messages";
    let stranger = json!({"to": "6281100000009", "text": "halo"});
    assert_eq!(net.call(Method::POST, path, stranger).await.0, 404);
    companion.send(&"6281100000009@s.whatsapp.net".parse().unwrap(), "halo", "3EB0A3").await;
    assert_eq!(companion.ack("3EB0A3").await.as_deref(), Some("404"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_sent_twice_is_listed_once() {
    let net = Net::start().await;
    let ani = net.phone("6281100000001", "Ani").await;
    let budi = net.phone("6281100000002", "Budi").await;
    let companion = ani.link().await;
    for text in ["halo", "halo"] {
        companion.send(&budi.jid, text, "3EB0A4").await;
        assert_eq!(companion.ack("3EB0A4").await, None);
        companion.receipt("3EB0A4", ReceiptType::Delivered).await;
    }
    assert_eq!(budi.messages().await.len(), 1);
    assert_eq!(ani.messages().await.len(), 1);
}
