//! The past that a phone shares with a new companion.

use std::collections::BTreeMap;

use serde_json::json;
use wacore::types::events::Event;
use wacore::types::presence::ReceiptType;
use waproto::whatsapp::history_sync::HistorySyncType;
use waproto::whatsapp::web_message_info::Status;
use waproto::whatsapp::{HistorySync, WebMessageInfo};

use crate::net::{Companion, Net};

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";

async fn part(companion: &Companion, kind: HistorySyncType) -> HistorySync {
    companion
        .wait("history", |event| match event {
            Event::HistorySync(history) => history.get().filter(|history| history.sync_type == kind).cloned(),
            _ => None,
        })
        .await
}

fn messages(part: &HistorySync, chat: &str) -> Vec<WebMessageInfo> {
    let conversation = part.conversations.iter().find(|conversation| conversation.id == chat).unwrap();
    conversation.messages.iter().map(|message| (*message.message).clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_companion_learns_of_every_conversation() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let first = ani.write(BUDI, "halo Budi").await;
    let second = budi.write(ANI, "halo Ani").await;
    let group = net.group(ANI, &[BUDI]).await;
    let third = budi.write(&group.to_string(), "halo semua").await;
    budi.read(ANI).await;

    let companion = ani.link().await;
    let bootstrap = part(&companion, HistorySyncType::INITIAL_BOOTSTRAP).await;
    assert_eq!(bootstrap.conversations.len(), 2);
    let chat = messages(&bootstrap, &budi.jid.to_string());
    let told: Vec<_> =
        chat.iter().map(|m| (m.key.id.clone().unwrap(), m.key.from_me.unwrap(), m.message.conversation.clone().unwrap())).collect();
    assert_eq!(told.len(), 2);
    assert!(told.contains(&(first.clone(), true, "halo Budi".to_owned())));
    assert!(told.contains(&(second.clone(), false, "halo Ani".to_owned())));
    let sent = chat.iter().find(|m| m.key.id.as_ref() == Some(&first)).unwrap();
    assert_eq!(sent.status, Some(Status::READ));
    let received = chat.iter().find(|m| m.key.id.as_ref() == Some(&second)).unwrap();
    assert_eq!(received.push_name.as_deref(), Some("Budi"));
    assert!(received.message_timestamp.unwrap() > 0);
    let said = messages(&bootstrap, &group.to_string());
    assert_eq!(said[0].key.id.as_ref(), Some(&third));
    assert_eq!(said[0].key.participant, Some(budi.lid.to_string()));
    let family = bootstrap.conversations.iter().find(|c| c.id == group.to_string()).unwrap();
    assert_eq!(family.name.as_deref(), Some("Keluarga"));
    assert_eq!((family.unread_count, family.participant.len()), (Some(1), 2));
    let mappings = bootstrap.phone_number_to_lid_mappings.iter().map(|m| (m.pn_jid.clone().unwrap(), m.lid_jid.clone().unwrap()));
    assert_eq!(mappings.collect::<BTreeMap<_, _>>()[&budi.jid.to_string()], budi.lid.to_string());
    let names = part(&companion, HistorySyncType::PUSH_NAME).await;
    assert!(names.pushnames.iter().any(|name| name.pushname.as_deref() == Some("Budi")));

    // Told once.
    let companion = Companion::start(&net, companion.stop().await).await;
    companion.connected().await;
    companion.send(&budi.jid, "lagi", "3EB0B1").await;
    companion.receipt("3EB0B1", ReceiptType::Delivered).await;
    assert!(!companion.has_seen(|event| matches!(event, Event::HistorySync(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn older_messages_follow() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let past = json!({
        "generate": 2500,
        "messages": [{"chat": BUDI, "fromMe": true, "text": "dahulu kala", "timestamp": 1_600_000_000}],
    });
    let ids = ani.post("history", past).await;
    assert_eq!(ids["ids"].as_array().unwrap().len(), 2501);
    assert_eq!(ani.messages().await[0]["text"], "dahulu kala");

    let companion = ani.link().await;
    let bootstrap = part(&companion, HistorySyncType::INITIAL_BOOTSTRAP).await;
    assert_eq!(bootstrap.conversations.len(), 21);
    let old = messages(&bootstrap, &format!("{BUDI}@s.whatsapp.net"));
    assert_eq!((old.len(), old[0].message_timestamp), (1, Some(1_600_000_000)));
    let mut told: usize = bootstrap.conversations.iter().map(|c| c.messages.len()).sum();
    let mut progress = Vec::new();
    while told < 2501 {
        let recent = part(&companion, HistorySyncType::RECENT).await;
        progress.extend(recent.progress);
        told += recent.conversations.iter().map(|c| c.messages.len()).sum::<usize>();
    }
    progress.sort_unstable();
    assert_eq!((told, progress), (2501, vec![60, 80, 100]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_without_a_past_shares_none() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let companion = ani.link().await;
    companion.message(&budi.write(ANI, "halo").await).await;
    assert!(!companion.has_seen(|event| matches!(event, Event::HistorySync(_))));
}
