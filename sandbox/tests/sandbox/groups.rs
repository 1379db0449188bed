//! Groups: who is in them, and texts to them from phones and companions.

use reqwest::Method;
use serde_json::{Value, json};
use wacore::stanza::groups::GroupNotificationAction;
use wacore::store::traits::SignalStore as _;
use wacore::types::jid::JidExt as _;
use wacore::types::presence::ReceiptType;
use waproto::whatsapp::Message;
use whatsapp_rust::Jid;

use crate::group_changes::update;
use crate::net::{Companion, Net, text};

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";
const CICI: &str = "6281100000003";

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_writes_to_a_group_and_everyone_reads_it() {
    for addressing in ["lid", "pn"] {
        let net = Net::start().await;
        let ani = net.phone(ANI, "Ani").await;
        let budi = net.phone(BUDI, "Budi").await;
        let cici = net.phone(CICI, "Cici").await;
        let companion = ani.link().await;
        let other = ani.link().await;
        let listener = budi.link().await;
        let group = net.group_by(ANI, &[BUDI, CICI], addressing).await;

        companion.send(&group, "halo semua", "3EB0F1").await;
        assert_eq!(companion.ack("3EB0F1").await, None);
        companion.receipt("3EB0F1", ReceiptType::Delivered).await;
        for phone in [&budi, &cici] {
            let received = phone.message("3EB0F1", |_| true).await;
            assert_eq!(received["text"], "halo semua");
            assert_eq!(received["from"], format!("{ANI}@s.whatsapp.net"));
            assert_eq!(received["to"], group.to_string());
            assert_eq!(received["chat"], group.to_string());
        }
        let received = listener.message("3EB0F1").await;
        assert_eq!(text(&received), "halo semua");
        let source = &received.info.source;
        assert_eq!(source.chat, group);
        let (sender, alternative) = if addressing == "lid" { (&ani.lid, &ani.jid) } else { (&ani.jid, &ani.lid) };
        assert_eq!(source.sender.user, sender.user);
        assert_eq!(source.sender_alt.as_ref().unwrap().user, alternative.user);
        assert!(other.message("3EB0F1").await.info.source.is_from_me);
        ani.message("3EB0F1", |m| m["status"] == "delivered" && m["to"] == group.to_string()).await;

        budi.read(&group.to_string()).await;
        let reader = companion.receipt("3EB0F1", ReceiptType::Read).await;
        assert_eq!(reader.user, if addressing == "lid" { &budi.lid } else { &budi.jid }.user);
        ani.message("3EB0F1", |m| m["status"] == "read").await;

        // The keys are shared already.
        companion.send(&group, "lagi", "3EB0F2").await;
        cici.message("3EB0F2", |m| m["text"] == "lagi").await;
        assert_eq!(text(&listener.message("3EB0F2").await), "lagi");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_writes_to_a_group() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let cici = net.phone(CICI, "Cici").await;
    let companion = ani.link().await;
    let own = budi.link().await;
    let group = net.group(ANI, &[BUDI, CICI]).await;

    for said in ["satu", "dua"] {
        let id = budi.write(&group.to_string(), said).await;
        let received = companion.message(&id).await;
        assert_eq!(text(&received), said);
        assert_eq!(received.info.push_name, "Budi");
        assert!(!received.info.source.is_from_me);
        assert_eq!(received.info.source.sender_alt.as_ref().unwrap().user, budi.jid.user);
        assert!(own.message(&id).await.info.source.is_from_me);
        cici.message(&id, |m| m["text"] == said).await;
        budi.message(&id, |m| m["status"] == "delivered").await;

        let sender = received.info.source.sender.clone();
        companion.client.mark_as_read(&group, Some(&sender), &[&id]).await.unwrap();
        budi.message(&id, |m| m["status"] == "read").await;
    }
    assert_eq!(ani.messages().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_that_lost_the_sender_key_gets_the_message_again() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let companion = ani.link().await;
    let group = net.group(ANI, &[BUDI]).await;
    companion.message(&budi.write(&group.to_string(), "satu").await).await;
    let backend = companion.stop().await;
    let key = format!("{group}:{}", budi.lid.to_protocol_address().as_str());
    backend.delete_sender_key(&key).await.unwrap();

    let companion = Companion::start(&net, backend).await;
    companion.connected().await;
    for said in ["dua", "tiga"] {
        let id = budi.write(&group.to_string(), said).await;
        assert_eq!(text(&companion.message(&id).await), said);
        budi.message(&id, |m| m["status"] == "delivered").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_without_the_sender_key_asks_again() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let companion = ani.link().await;
    let group = net.group(ANI, &[BUDI]).await;
    companion.send(&group, "satu", "3EB0F3").await;
    budi.message("3EB0F3", |_| true).await;

    // A backup from here on repeats what the phone has seen already.
    let backend = companion.stop().await;
    let own = Jid::lid_device(ani.lid.user.clone(), 1).to_protocol_address();
    let key = format!("{group}:{}", own.as_str());
    let backup = backend.get_sender_key(&key).await.unwrap().unwrap();
    let companion = Companion::start(&net, backend).await;
    companion.connected().await;
    for id in ["3EB0FB", "3EB0FC"] {
        companion.send(&group, "hilang", id).await;
        companion.receipt(id, ReceiptType::Delivered).await;
    }
    let backend = companion.stop().await;
    backend.put_sender_key(&key, &backup).await.unwrap();

    let companion = Companion::start(&net, backend).await;
    companion.connected().await;
    companion.send(&group, "dua", "3EB0F4").await;
    budi.message("3EB0F4", |m| m["text"] == "dua").await;
    companion.receipt("3EB0F4", ReceiptType::Delivered).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_lists_the_groups_it_is_in() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let companion = ani.link().await;
    assert!(companion.client.groups().get_participating().await.unwrap().is_empty());
    let group = net.group(ANI, &[BUDI]).await;
    net.phone(CICI, "Cici").await;
    net.group(BUDI, &[CICI]).await;

    let groups = companion.client.groups().get_participating().await.unwrap();
    let listed: Vec<String> = groups.values().map(|group| group.id.to_string()).collect();
    assert_eq!(listed, [group.to_string()]);
    let shown = companion.client.groups().get_metadata(&group).await.unwrap();
    assert_eq!(shown.subject, "Keluarga");
    assert_eq!(shown.creator.unwrap().user, ani.lid.user);
    let members: Vec<_> = shown.participants.iter().map(|p| (p.jid.user.clone(), p.phone_number.clone().unwrap().user)).collect();
    assert_eq!(members, [(ani.lid.user.clone(), ani.jid.user.clone()), (budi.lid.user.clone(), budi.jid.user.clone())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_and_go() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let cici = net.phone(CICI, "Cici").await;
    let companion = ani.link().await;
    let newcomer = cici.link().await;
    let group = net.group(ANI, &[BUDI]).await;
    update(&companion, |action| matches!(action, GroupNotificationAction::Create { .. })).await;
    let path = format!("/groups/{group}/participants");
    let id = budi.write(&group.to_string(), "tanpa Cici").await;
    companion.message(&id).await;

    net.post(&path, json!({"by": ANI, "action": "add", "participants": [CICI]})).await;
    net.post(&path, json!({"by": ANI, "action": "promote", "participants": [BUDI]})).await;
    update(&companion, |action| matches!(action, GroupNotificationAction::Add { .. })).await;
    update(&companion, |action| matches!(action, GroupNotificationAction::Promote { .. })).await;
    update(&newcomer, |action| matches!(action, GroupNotificationAction::Create { .. })).await;
    let (_, shown) = net.call(Method::GET, &format!("/groups/{group}"), Value::Null).await;
    let roles: Vec<_> = shown["participants"].as_array().unwrap().iter().map(|p| p["role"].clone()).collect();
    assert_eq!(roles, ["superadmin", "admin", "member"]);
    let id = budi.write(&group.to_string(), "dengan Cici").await;
    assert_eq!(text(&newcomer.message(&id).await), "dengan Cici");

    net.post(&path, json!({"by": BUDI, "action": "remove", "participants": [CICI]})).await;
    update(&newcomer, |action| matches!(action, GroupNotificationAction::Remove { .. })).await;
    let id = budi.write(&group.to_string(), "tanpa Cici lagi").await;
    assert_eq!(text(&companion.message(&id).await), "tanpa Cici lagi");
    let into = format!("/phones/{CICI}/messages");
    assert_eq!(net.call(Method::POST, &into, json!({"to": group.to_string(), "text": "halo?"})).await.0, 404);
    let message = Message { conversation: Some("halo?".to_owned()), ..Default::default() };
    assert!(newcomer.client.send_message(group, message).await.is_err());
    assert_eq!(cici.messages().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_group_said_waits_for_those_who_were_away() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let cici = net.phone(CICI, "Cici").await;
    let companion = ani.link().await;
    let writer = cici.link().await;
    let group = net.group(ANI, &[BUDI, CICI]).await;
    let backend = companion.stop().await;
    budi.power(false).await;
    let mut ids = Vec::new();
    for id in ["3EB0F6", "3EB0F7"] {
        writer.send(&group, "halo", id).await;
        assert_eq!(writer.ack(id).await, None);
        ids.push(id.to_owned());
    }
    ids.push(cici.write(&group.to_string(), "halo").await);
    assert!(budi.messages().await.is_empty());
    budi.power(true).await;
    for id in &ids {
        budi.message(id, |_| true).await;
    }

    let companion = Companion::start(&net, backend).await;
    for id in &ids {
        let received = companion.message(id).await;
        assert!(received.info.is_offline);
        assert_eq!(text(&received), "halo");
    }
    companion.connected().await;
    let companion = Companion::start(&net, companion.stop().await).await;
    companion.connected().await;
    companion.message(&cici.write(&group.to_string(), "baru").await).await;
    assert_eq!(companion.messages_seen(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_message_may_be_refused() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let companion = ani.link().await;
    let group = net.group(ANI, &[BUDI]).await;
    net.faults(json!({"nackNext": 1})).await;
    companion.send(&group, "halo", "3EB0F8").await;
    assert_eq!(companion.ack("3EB0F8").await.as_deref(), Some("503"));
    companion.send(&group, "halo", "3EB0F8").await;
    assert_eq!(companion.ack("3EB0F8").await, None);
    budi.message("3EB0F8", |_| true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_linked_later_reads_along() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let companion = ani.link().await;
    let group = net.group(ANI, &[BUDI]).await;
    companion.send(&group, "halo", "3EB0F9").await;
    budi.message("3EB0F9", |_| true).await;
    let later = budi.link().await;
    companion.send(&group, "juga", "3EB0FA").await;
    assert_eq!(text(&later.message("3EB0FA").await), "juga");
    let id = ani.write(&group.to_string(), "dari ponsel").await;
    assert_eq!(text(&later.message(&id).await), "dari ponsel");
    let id = budi.write(&group.to_string(), "dari Budi").await;
    assert!(later.message(&id).await.info.source.is_from_me);
}
