//! The conversations of an account.

use domain::{
    model::{Chat, Command, Device, Jid, Outcome, Refresh, Timestamp},
    pipeline::Draft,
    ports::People,
};
use serde_json::json;

use super::world::{World, eventually};

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";

async fn chat(world: &World, device: &Device, what: &str, is_so: impl Fn(&Chat) -> bool) -> Chat {
    let with = Jid::parse(BUDI).unwrap();
    eventually(what, async || People::chat(&world.store, &device.id, &with).await.unwrap().filter(&is_so)).await
}

#[tokio::test]
async fn chats_are_arranged_as_on_the_phone() {
    let world = World::new().await;
    world.phone(ANI).await;
    world.phone(BUDI).await;
    let device = world.linked(ANI).await;
    world.send(&device, Draft::text(Jid::parse(BUDI).unwrap(), "Halo")).await;
    let path = format!("/phones/{ANI}/chats/{BUDI}");
    world.post(&path, json!({"archived": true, "pinned": true, "mutedUntil": 4_000_000_000_i64, "read": false})).await;
    let muted_until = Some(Timestamp::from_millis(4_000_000_000_000));
    let is_so = |chat: &Chat| chat.archived && chat.pinned_at.is_some() && chat.marked_unread && chat.muted_until == muted_until;
    chat(&world, &device, "it is arranged", is_so).await;
    world.post(&path, json!({"archived": false, "pinned": false, "mutedUntil": -1, "read": true})).await;
    assert_eq!(world.ask(&device.id, Command::Refresh(Refresh::Chats)).await, Outcome::Done);
    let is_so = |chat: &Chat| !chat.archived && chat.pinned_at.is_none() && !chat.is_unread() && chat.muted_until == Some(Timestamp::MAX);
    chat(&world, &device, "it is as before, but mute for good", is_so).await;
    world.post(&path, json!({"mutedUntil": 0})).await;
    chat(&world, &device, "it is heard again", |chat| chat.muted_until.is_none()).await;
}

#[tokio::test]
async fn what_chats_and_people_were_called_and_how_they_were_arranged_comes_with_the_past() {
    let world = World::new().await;
    world.phone(ANI).await;
    world.phone(BUDI).await;
    world.post(&format!("/phones/{ANI}/contacts"), json!({"number": BUDI, "name": "Budi Santoso"})).await;
    let past = json!({"messages": [{"chat": BUDI, "fromMe": false, "text": "Kala", "timestamp": 1_600_000_060}]});
    world.post(&format!("/phones/{ANI}/history"), past).await;
    world.post(&format!("/phones/{BUDI}/messages"), json!({"to": ANI, "text": "Halo"})).await;
    world.post(&format!("/phones/{ANI}/chats/{BUDI}"), json!({"archived": true, "pinned": true, "mutedUntil": -1})).await;
    let device = world.linked(ANI).await;
    let is_so = |chat: &Chat| chat.archived && chat.pinned_at.is_some() && chat.unread == 1 && chat.name.as_deref() == Some("Budi Santoso");
    let chat = chat(&world, &device, "it is as it was", is_so).await;
    assert_eq!(chat.muted_until, Some(Timestamp::MAX));
    let with = Jid::parse(BUDI).unwrap();
    let known = async || People::contact(&world.store, &device.id, &with).await.unwrap().filter(|contact| contact.push_name.is_some());
    let contact = eventually("he has a name of his own", known).await;
    assert_eq!((contact.name.as_deref(), contact.push_name.as_deref()), (Some("Budi Santoso"), Some(BUDI)));
}
