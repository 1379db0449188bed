//! Who is typing.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wacore::types::events::Event;
use wacore::types::presence::{ChatPresence, ChatPresenceMedia};

use crate::net::{Companion, Net, Phone};

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";

async fn seen(companion: &Companion) -> (String, String, ChatPresence, ChatPresenceMedia) {
    companion
        .wait("chat state", |event| match event {
            Event::ChatPresence(seen) => Some((seen.source.chat.to_string(), seen.source.sender.user.to_string(), seen.state, seen.media)),
            _ => None,
        })
        .await
}

async fn typing(phone: &Phone<'_>, count: usize) -> Vec<Value> {
    let started = Instant::now();
    loop {
        let seen = phone.get("typing").await.as_array().unwrap().clone();
        if seen.len() >= count {
            return seen;
        }
        assert!(started.elapsed() < Duration::from_secs(15), "{seen:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn companions_see_what_a_person_is_up_to() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let companion = ani.link().await;
    let group = net.group(ANI, &[BUDI]).await;
    for (state, presence, media) in [
        ("composing", ChatPresence::Composing, ChatPresenceMedia::Text),
        ("recording", ChatPresence::Composing, ChatPresenceMedia::Audio),
        ("paused", ChatPresence::Paused, ChatPresenceMedia::Text),
    ] {
        budi.post("typing", json!({"chat": ANI, "state": state})).await;
        let told = (budi.jid.to_string(), BUDI.to_owned(), presence, media);
        assert_eq!(seen(&companion).await, told);
        budi.post("typing", json!({"chat": group.to_string(), "state": state})).await;
        assert_eq!(seen(&companion).await, (group.to_string(), budi.lid.user.to_string(), presence, media));
    }
    assert_eq!(typing(&ani, 6).await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_see_what_a_companion_is_up_to() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let companion = ani.link().await;
    let group = net.group(ANI, &[BUDI]).await;
    companion.client.chatstate().send_composing(&budi.jid).await.unwrap();
    companion.client.chatstate().send_paused(&budi.lid).await.unwrap();
    companion.client.chatstate().send_recording(&group).await.unwrap();
    let seen = typing(&budi, 3).await;
    let told: Vec<_> = seen.iter().map(|t| (t["from"].clone(), t["chat"].clone(), t["state"].clone())).collect();
    let (from, group) = (json!(ani.jid.to_string()), json!(group.to_string()));
    let expected = [
        (from.clone(), from.clone(), json!("composing")),
        (from.clone(), from.clone(), json!("paused")),
        (from, group, json!("recording")),
    ];
    assert_eq!(told, expected);
}
