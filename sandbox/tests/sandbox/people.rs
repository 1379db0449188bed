//! What people show of themselves, what they call others, and what they do with their chats.

use reqwest::Method;
use serde_json::{Value, json};
use wacore::types::events::Event;
use waproto::whatsapp::history_sync::HistorySyncType;
use whatsapp_rust::Jid;

use crate::net::{Companion, Net, Phone, text};

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";
const NOBODY: &str = "6281100000009";

async fn named(companion: &Companion, name: &str) -> Jid {
    let wanted = |event: &Event| match event {
        Event::ContactUpdate(update) if update.action.full_name.as_deref() == Some(name) => Some(update.jid.clone()),
        _ => None,
    };
    companion.wait("contact", wanted).await
}

async fn put(net: &Net, number: &str, profile: Value) {
    let (status, answer) = net.call(Method::PUT, &format!("/phones/{number}/profile"), profile).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_book_reaches_companions_new_and_old() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let old = ani.link().await;
    ani.post("contacts", json!({"number": BUDI, "name": "Budi Santoso"})).await;
    ani.post("contacts", json!({"number": NOBODY, "name": "Tukang Pos"})).await;
    assert_eq!(named(&old, "Budi Santoso").await, budi.jid);
    named(&old, "Tukang Pos").await;
    ani.post("contacts", json!({"number": BUDI, "name": "Budi Kantor"})).await;
    named(&old, "Budi Kantor").await;

    let new = ani.link().await;
    named(&new, "Budi Kantor").await;
    let gone = format!("/phones/{ANI}/contacts/{NOBODY}");
    assert_eq!(net.call(Method::DELETE, &gone, Value::Null).await.0, 200);
    assert_eq!(net.call(Method::DELETE, &gone, Value::Null).await.0, 404);
    assert_eq!(ani.get("contacts").await, json!({budi.jid.to_string(): "Budi Kantor"}));

    // One that companions add is in it too.
    new.client.chat_actions().save_contact(&Jid::pn(NOBODY), Some("Pos Baru".to_owned()), None, true).await.unwrap();
    named(&old, "Pos Baru").await;
    ani.post("contacts", json!({"number": BUDI, "name": "Budi Lagi"})).await;
    named(&new, "Budi Lagi").await;
    assert_eq!(ani.get("contacts").await, json!({budi.jid.to_string(): "Budi Lagi", format!("{NOBODY}@s.whatsapp.net"): "Pos Baru"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_person_does_with_chats_reaches_companions() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let companion = ani.link().await;
    companion.message(&budi.write(ANI, "halo").await).await;
    let chat = format!("chats/{BUDI}");
    ani.post(&chat, json!({"archived": true, "pinned": true, "mutedUntil": 4_000_000_000_i64, "read": false})).await;
    let about = |jid: &Jid| jid == &budi.jid;
    companion
        .wait("archive", |e| matches!(e, Event::ArchiveUpdate(u) if about(&u.jid) && u.action.archived == Some(true)).then_some(()))
        .await;
    companion.wait("pin", |e| matches!(e, Event::PinUpdate(u) if about(&u.jid) && u.action.pinned == Some(true)).then_some(())).await;
    let muted = |until, muted| {
        move |event: &Event| match event {
            Event::MuteUpdate(update) => {
                (update.action.mute_end_timestamp == Some(until) && update.action.muted == Some(muted)).then_some(())
            }
            _ => None,
        }
    };
    companion.wait("mute", muted(4_000_000_000_000, true)).await;
    let read = |read| move |event: &Event| matches!(event, Event::MarkChatAsReadUpdate(u) if u.action.read == Some(read)).then_some(());
    companion.wait("mark", read(false)).await;

    let late = ani.link().await;
    let bootstrap = late.wait("history", |event| match event {
        Event::HistorySync(history) => history.get().filter(|part| part.sync_type == HistorySyncType::INITIAL_BOOTSTRAP).cloned(),
        _ => None,
    });
    let shared = bootstrap.await.conversations.remove(0);
    assert_eq!((shared.archived, shared.mute_end_time, shared.marked_as_unread), (Some(true), Some(4_000_000_000), Some(true)));
    assert_eq!((shared.pinned.is_some_and(|since| since > 0), shared.unread_count, shared.name), (true, Some(1), None));

    ani.post(&chat, json!({"mutedUntil": -1})).await;
    companion.wait("mute", muted(-1, true)).await;
    ani.post(&chat, json!({"mutedUntil": 0, "read": true})).await;
    companion.wait("end of the mute", muted(0, false)).await;
    companion.wait("mark", read(true)).await;
    late.client.chat_actions().unarchive_chat(&budi.jid, None).await.unwrap();
    let shown = ani.post(&chat, json!({"pinned": false})).await;
    assert_eq!(shown, json!({"archived": false, "pinned": false, "mutedUntil": null, "markedUnread": false}));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_what_others_show_of_themselves() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let companion = ani.link().await;
    companion.message(&budi.write(ANI, "halo").await).await;
    let contacts = companion.client.contacts();
    let info = contacts.get_user_info(std::slice::from_ref(&budi.jid)).await.unwrap().remove(&budi.jid).unwrap();
    assert_eq!((info.status, info.picture_id, info.is_business), (None, None, false));
    assert!(contacts.get_profile_picture(&budi.jid, true).await.unwrap().is_none());

    put(&net, BUDI, json!({"name": "Budi S", "about": "Sibuk", "picture": "YWJj", "business": {"verifiedName": "Toko Budi"}})).await;
    companion.wait("about", |e| matches!(e, Event::UserAboutUpdate(u) if u.jid == budi.jid && u.status == "Sibuk").then_some(())).await;
    let id = companion.wait("picture", |event| match event {
        Event::PictureUpdate(update) if update.jid == budi.jid && !update.removed => update.picture_id.clone(),
        _ => None,
    });
    let id = id.await;
    companion.wait("news", |e| matches!(e, Event::ContactUpdated(u) if u.jid == budi.jid).then_some(())).await;
    let business = |name: Option<&'static str>| {
        move |event: &Event| match event {
            Event::BusinessStatusUpdate(update) => (update.verified_name.as_deref() == name).then_some(()),
            _ => None,
        }
    };
    companion.wait("business", business(Some("Toko Budi"))).await;
    let info = contacts.get_user_info(std::slice::from_ref(&budi.lid)).await.unwrap().remove(&budi.lid).unwrap();
    assert_eq!((info.status.as_deref(), info.picture_id.as_ref(), info.is_business), (Some("Sibuk"), Some(&id), true));
    assert_eq!(info.verified_name.unwrap().name.as_deref(), Some("Toko Budi"));
    assert_eq!((info.devices, info.lid.as_ref()), (vec![0], Some(&budi.lid)));
    for preview in [true, false] {
        let picture = contacts.get_profile_picture(&budi.jid, preview).await.unwrap().unwrap();
        assert_eq!(picture.id, id);
        let file = reqwest::get(picture.url.replacen("https", "http", 1)).await.unwrap();
        assert_eq!(file.bytes().await.unwrap(), "abc");
    }
    let message = companion.message(&budi.write(ANI, "lagi").await).await;
    assert_eq!(message.info.push_name, "Budi S");

    put(&net, BUDI, json!({"picture": null, "business": null})).await;
    companion.wait("picture", |e| matches!(e, Event::PictureUpdate(u) if u.removed).then_some(())).await;
    companion.wait("business", business(None)).await;
    assert!(contacts.get_profile_picture(&budi.jid, false).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_changes_what_the_person_shows() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let companion = ani.link().await;
    let other = budi.link().await;
    companion.message(&budi.write(ANI, "halo").await).await;
    companion.client.profile().set_status_text("Libur").await.unwrap();
    other.wait("about", |e| matches!(e, Event::UserAboutUpdate(u) if u.status == "Libur").then_some(())).await;
    let id = companion.client.profile().set_profile_picture(b"jpeg".to_vec()).await.unwrap().id;
    other.wait("picture", |e| matches!(e, Event::PictureUpdate(u) if u.picture_id.as_ref() == Some(&id)).then_some(())).await;
    companion.client.profile().remove_profile_picture().await.unwrap();
    other.wait("picture", |e| matches!(e, Event::PictureUpdate(u) if u.removed).then_some(())).await;

    put(&net, ANI, json!({"name": "Ani W"})).await;
    companion.wait("name", |e| matches!(e, Event::SelfPushNameUpdated(u) if u.new_name == "Ani W").then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_looked_up() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let companion = ani.link().await;
    put(&net, BUDI, json!({"business": {"verifiedName": "Toko Budi"}})).await;
    let found = companion.client.contacts().is_on_whatsapp(&[budi.jid.clone(), Jid::pn(NOBODY)]).await.unwrap();
    let found: Vec<_> = found.iter().map(|r| (r.jid.user.as_str(), r.is_registered, r.lid.clone(), r.is_business)).collect();
    assert_eq!(found, [(BUDI, true, Some(budi.lid.clone()), true), (NOBODY, false, None, false)]);
    let found = companion.client.contacts().is_on_whatsapp(std::slice::from_ref(&budi.lid)).await.unwrap();
    assert_eq!(found[0].pn_jid, Some(budi.jid.clone()));
}

async fn is_silent(reader: &Phone<'_>, writer: &Phone<'_>) {
    writer.write(&reader.number, "diblokir").await;
    let known = reader.messages().await;
    assert!(known.iter().all(|message| message["text"] != "diblokir"), "{known:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_are_blocked_are_not_heard() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let companion = ani.link().await;
    companion.message(&budi.write(ANI, "halo").await).await;
    let blocking = companion.client.blocking();
    assert!(blocking.get_blocklist().await.unwrap().is_empty());

    blocking.block(&budi.jid).await.unwrap();
    let listed = blocking.get_blocklist().await.unwrap();
    assert_eq!((listed.len(), &listed[0].jid), (1, &budi.lid));
    is_silent(&ani, &budi).await;
    blocking.unblock(&budi.jid).await.unwrap();
    assert!(!blocking.is_blocked(&budi.jid).await.unwrap());
    assert_eq!(text(&companion.message(&budi.write(ANI, "lagi").await).await), "lagi");
    let blocked = |event: &Event| matches!(event, Event::Messages(batch) if batch.iter().any(|message| text(message) == "diblokir"));
    assert!(!companion.has_seen(blocked));

    ani.post("block", json!({"number": BUDI, "blocked": true})).await;
    assert!(blocking.is_blocked(&budi.jid).await.unwrap());
    is_silent(&ani, &budi).await;
    ani.post("block", json!({"number": BUDI, "blocked": false})).await;
    companion.message(&budi.write(ANI, "sudah").await).await;
    let oneself = net.call(Method::POST, &format!("/phones/{ANI}/block"), json!({"number": ANI, "blocked": true})).await;
    assert_eq!(oneself.0, 404);
}
