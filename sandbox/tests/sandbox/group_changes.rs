//! Groups made, changed, joined and left: by companions, and by phones.

use reqwest::Method;
use serde_json::{Value, json};
use wacore::iq::groups::{GroupCreateOptions, GroupDescription, GroupParticipantOptions, GroupSubject};
use wacore::stanza::groups::GroupNotificationAction as Action;
use wacore::types::events::{Event, GroupUpdate};
use waproto::whatsapp::Message;
use whatsapp_rust::Jid;
use whatsapp_rust::features::{GroupError, PreviousDescription};
use whatsapp_rust::request::IqError;

use crate::net::{Companion, Net, text};

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";
const CICI: &str = "6281100000003";
const NOBODY: &str = "6281100000009";

pub async fn update(companion: &Companion, wanted: impl Fn(&Action) -> bool) -> GroupUpdate {
    let wanted = |event: &Event| match event {
        Event::GroupUpdate(update) if wanted(&update.action) => Some(update.clone()),
        _ => None,
    };
    companion.wait("group update", wanted).await
}

async fn create(companion: &Companion, others: &[&Jid]) -> Jid {
    let participants = others.iter().map(|&jid| GroupParticipantOptions::new(jid.clone())).collect();
    let options = GroupCreateOptions::new("Arisan").with_participants(participants);
    companion.client.groups().create_group(options).await.unwrap().metadata.id
}

fn code<T: std::fmt::Debug>(result: Result<T, GroupError>) -> u16 {
    match result.unwrap_err() {
        GroupError::Iq(IqError::ServerError { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

fn errors(results: &[wacore::iq::groups::ParticipantChangeResponse]) -> Vec<Option<&str>> {
    results.iter().map(|result| result.error.as_deref()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_makes_a_group_and_says_what_it_is_about() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let companion = ani.link().await;
    let other = budi.link().await;
    let group = create(&companion, &[&budi.jid, &Jid::pn(NOBODY)]).await;
    update(&other, |action| matches!(action, Action::Create { .. })).await;
    update(&companion, |action| matches!(action, Action::Create { .. })).await;

    let groups = companion.client.groups();
    groups.set_subject(group.clone(), GroupSubject::new("Arisan RT 5").unwrap()).await.unwrap();
    let told = update(&other, |action| matches!(action, Action::Subject { subject, .. } if subject == "Arisan RT 5")).await;
    assert_eq!((told.participant.unwrap().user, told.participant_pn.unwrap().user), (ani.lid.user.clone(), ani.jid.user.clone()));
    let description = GroupDescription::new("Tiap Minggu").unwrap();
    groups.set_description(group.clone(), Some(description), PreviousDescription::Absent).await.unwrap();
    update(&other, |action| matches!(action, Action::Description { description: Some(text), .. } if text == "Tiap Minggu")).await;
    groups.set_announce(group.clone(), true).await.unwrap();
    update(&other, |action| matches!(action, Action::Announce)).await;
    groups.set_locked(group.clone(), true).await.unwrap();
    update(&other, |action| matches!(action, Action::Locked { .. })).await;

    let shown = other.client.groups().get_metadata(&group).await.unwrap();
    assert_eq!((shown.subject.as_str(), shown.description.as_deref()), ("Arisan RT 5", Some("Tiap Minggu")));
    assert!(shown.is_announcement && shown.is_locked);
    assert_eq!(shown.creator.as_ref().unwrap().user, ani.lid.user);
    assert_eq!((shown.subject_owner.as_ref().unwrap().user.as_str(), shown.participants.len()), (ani.lid.user.as_str(), 2));
    assert!(shown.participants[0].is_super_admin() && !shown.participants[1].is_admin());
    let listed = other.client.groups().get_participating().await.unwrap();
    assert_eq!(listed[&group].description_id, shown.description_id);

    let text = GroupDescription::new("lain").unwrap();
    let stale = groups.set_description(group.clone(), Some(text), PreviousDescription::Absent).await;
    assert!(matches!(stale, Err(GroupError::DescriptionConflict)));
    groups.set_description(group.clone(), None, PreviousDescription::Resolve).await.unwrap();
    update(&other, |action| matches!(action, Action::Description { description: None, .. })).await;
    groups.set_announce(group.clone(), false).await.unwrap();
    update(&other, |action| matches!(action, Action::NotAnnounce)).await;
    groups.set_locked(group.clone(), false).await.unwrap();
    update(&other, |action| matches!(action, Action::Unlocked)).await;
    let (_, shown) = net.call(Method::GET, &format!("/groups/{group}"), Value::Null).await;
    assert_eq!((&shown["description"], &shown["announce"], &shown["locked"]), (&Value::Null, &json!(false), &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_changes_who_is_in_a_group() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let cici = net.phone(CICI, "Cici").await;
    let companion = ani.link().await;
    let newcomer = cici.link().await;
    let group = create(&companion, &[&budi.jid]).await;
    let groups = companion.client.groups();

    let asked = [cici.jid.clone(), budi.jid.clone(), Jid::pn(NOBODY)];
    let added = groups.add_participants(group.clone(), &asked).await.unwrap();
    assert_eq!(errors(&added), [None, Some("409"), Some("404")]);
    assert_eq!((&added[0].jid, added[0].phone_number.as_ref()), (&cici.lid, Some(&cici.jid)));
    update(&newcomer, |action| matches!(action, Action::Create { .. })).await;
    assert_eq!(text(&newcomer.message(&budi.write(&group.to_string(), "halo Cici").await).await), "halo Cici");

    let promoted = groups.promote_participants(group.clone(), &[cici.lid.clone(), cici.jid.clone()]).await.unwrap();
    assert_eq!(errors(&promoted), [None, Some("409")]);
    update(&newcomer, |action| matches!(action, Action::Promote { .. })).await;
    let demoted = groups.demote_participants(group.clone(), &[cici.jid.clone(), Jid::pn(NOBODY)]).await.unwrap();
    assert_eq!(errors(&demoted), [None, Some("404")]);
    update(&newcomer, |action| matches!(action, Action::Demote { .. })).await;
    let removed = groups.remove_participants(group.clone(), &[budi.jid.clone(), ani.jid.clone()]).await.unwrap();
    assert_eq!(errors(&removed), [None, Some("406")]);
    let gone = update(&newcomer, |action| matches!(action, Action::Remove { .. })).await;
    assert_eq!(gone.participant.unwrap().user, ani.lid.user);

    newcomer.client.groups().leave(group.clone()).await.unwrap();
    let left = update(&companion, |action| match action {
        Action::Remove { participants, .. } => participants[0].jid == cici.lid,
        _ => false,
    });
    assert_eq!(left.await.participant.unwrap().user, cici.lid.user);
    assert_eq!(code(newcomer.client.groups().get_metadata(&group).await), 403);
    assert_eq!(code(newcomer.client.groups().leave(group.clone()).await), 403);
    assert_eq!(code(newcomer.client.groups().get_metadata(&Jid::group("120363999999999999")).await), 404);
    assert!(newcomer.client.groups().get_participating().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_admins_may_do_all_that() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let cici = net.phone(CICI, "Cici").await;
    let member = budi.link().await;
    let stranger = cici.link().await;
    let group = net.group(ANI, &[BUDI]).await;
    let groups = member.client.groups();

    let results = groups.add_participants(group.clone(), std::slice::from_ref(&cici.jid)).await.unwrap();
    assert_eq!(errors(&results), [Some("403")]);
    let results = groups.remove_participants(group.clone(), std::slice::from_ref(&ani.jid)).await.unwrap();
    assert_eq!(errors(&results), [Some("403")]);
    assert_eq!(code(groups.set_announce(group.clone(), true).await), 403);
    assert_eq!(code(groups.set_locked(group.clone(), true).await), 403);
    assert_eq!(code(groups.get_invite_link(group.clone(), false).await), 403);
    assert_eq!(code(groups.get_invite_link(group.clone(), true).await), 403);
    groups.set_subject(group.clone(), GroupSubject::new("siapa saja").unwrap()).await.unwrap();
    assert_eq!(code(stranger.client.groups().set_subject(group.clone(), GroupSubject::new("x").unwrap()).await), 403);
    assert_eq!(code(stranger.client.groups().add_participants(group.clone(), std::slice::from_ref(&cici.jid)).await), 403);

    let path = format!("/groups/{group}");
    let set = |settings| net.call(Method::PUT, &path, settings);
    assert_eq!(set(json!({"by": BUDI, "locked": true})).await.0, 403);
    let (_, shown) = set(json!({"by": ANI, "locked": true, "announce": true, "description": "resmi", "subject": "RT"})).await;
    assert_eq!((&shown["subject"], &shown["description"], &shown["locked"]), (&json!("RT"), &json!("resmi"), &json!(true)));
    update(&member, |action| matches!(action, Action::Announce)).await;
    assert_eq!(code(groups.set_subject(group.clone(), GroupSubject::new("x").unwrap()).await), 403);
    let message = Message { conversation: Some("boleh?".to_owned()), ..Default::default() };
    member.send_message(&group, message, "3EB0G1").await;
    assert_eq!(member.ack("3EB0G1").await.as_deref(), Some("403"));
    let written = json!({"to": group.to_string(), "text": "boleh?"});
    assert_eq!(net.call(Method::POST, &format!("/phones/{BUDI}/messages"), written).await.0, 403);
    assert_eq!(text(&member.message(&ani.write(&group.to_string(), "boleh").await).await), "boleh");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_lets_others_in_until_it_is_revoked() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    net.phone(BUDI, "Budi").await;
    let cici = net.phone(CICI, "Cici").await;
    let companion = ani.link().await;
    let guest = cici.link().await;
    let group = create(&companion, &[]).await;
    let link = companion.client.groups().get_invite_link(group.clone(), false).await.unwrap();
    let groups = guest.client.groups();

    assert_eq!(groups.get_invite_info(&link).await.unwrap().subject, "Arisan");
    assert_eq!(groups.join_with_invite_code(&link).await.unwrap().group_jid(), &group);
    let joined = update(&companion, |action| matches!(action, Action::Add { reason: Some(reason), .. } if reason == "invite")).await;
    assert_eq!(joined.participant.unwrap().user, cici.lid.user);
    update(&guest, |action| matches!(action, Action::Create { .. })).await;
    assert_eq!(code(groups.join_with_invite_code(&link).await), 409);

    let renewed = companion.client.groups().get_invite_link(group.clone(), true).await.unwrap();
    update(&guest, |action| matches!(action, Action::Invite { .. })).await;
    assert_ne!(renewed, link);
    assert_eq!(code(groups.join_with_invite_code(&link).await), 410);
    assert_eq!(code(groups.get_invite_info("Q0Q0Q0Q0Q0Q0Q0Q0Q0Q0Q0").await), 406);
    let join = |link: &str| net.call(Method::POST, "/groups/join", json!({"by": BUDI, "code": link.rsplit('/').next()}));
    assert_eq!(join(&link).await.0, 410);
    let (_, shown) = join(&renewed).await;
    assert_eq!(shown["participants"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_change_groups() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    net.phone(BUDI, "Budi").await;
    net.phone(CICI, "Cici").await;
    let companion = ani.link().await;
    let group = net.group(BUDI, &[ANI]).await;
    let members = format!("/groups/{group}/participants");
    let change = json!({"by": BUDI, "action": "add", "participants": [CICI, ANI, NOBODY]});
    let statuses: Vec<_> = net.post(&members, change).await.as_array().unwrap().iter().map(|row| row["status"].clone()).collect();
    assert_eq!(statuses, [200, 409, 404]);
    update(&companion, |action| matches!(action, Action::Add { .. })).await;
    net.post(&members, json!({"by": BUDI, "action": "promote", "participants": [ANI]})).await;
    update(&companion, |action| matches!(action, Action::Promote { .. })).await;
    let (leave, settings) = (format!("/groups/{group}/leave"), format!("/groups/{group}"));
    net.post(&leave, json!({"by": BUDI})).await;
    update(&companion, |action| matches!(action, Action::Remove { .. })).await;
    assert_eq!(net.call(Method::POST, &leave, json!({"by": BUDI})).await.0, 403);
    assert_eq!(net.call(Method::PUT, &settings, json!({"by": NOBODY, "subject": "x"})).await.0, 404);
}
