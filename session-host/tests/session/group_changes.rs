//! Groups that are made, changed, joined and left, here and by others.

use std::{sync::Arc, time::Duration};

use domain::{
    model::{
        Command, Device, Event, EventKind, Group, GroupChange, GroupFilter, Jid, MemberOutcome, NewGroup, Outcome, PageRequest, Refresh,
        Role,
    },
    ports::People,
};
use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::world::{World, eventually};

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";
const CITRA: &str = "6281100000003";
const NOBODY: &str = "6281100000009";

fn jid(number: &str) -> Jid {
    Jid::parse(number).unwrap()
}

async fn world() -> World {
    let world = World::new().await;
    for number in [ANI, BUDI, CITRA] {
        world.phone(number).await;
    }
    world
}

impl World {
    async fn group(&self, device: &Device, group: &Jid, what: &str, is_so: impl Fn(&Group) -> bool) -> Group {
        eventually(what, async || People::group(&self.store, &device.id, group).await.unwrap().filter(&is_so)).await
    }

    async fn no_group(&self, device: &Device, group: &Jid) {
        let gone = async || People::group(&self.store, &device.id, group).await.unwrap().is_none().then_some(());
        eventually("the group is gone", gone).await;
    }

    async fn change(&self, device: &Device, group: &Jid, change: GroupChange) -> Outcome {
        self.ask(&device.id, Command::ChangeGroup { group: group.clone(), change }).await
    }

    async fn made(&self, owner: &str, others: &[&str]) -> Jid {
        let made = self.post("/groups", json!({"subject": "Arisan", "owner": owner, "participants": others})).await;
        jid(made["id"].as_str().unwrap())
    }

    async fn shown(&self, group: &Jid) -> Value {
        reqwest::get(format!("http://{}/groups/{group}", self.sandbox.addr())).await.unwrap().json().await.unwrap()
    }
}

fn new(subject: &str, members: &[&str]) -> Command {
    let members = members.iter().map(|member| jid(member)).collect();
    Command::CreateGroup(NewGroup { subject: subject.into(), description: Some("Tiap bulan".into()), members })
}

fn members(group: &Group) -> Vec<(String, Role)> {
    group.members.iter().map(|member| (member.jid.user().to_owned(), member.role)).collect()
}

fn failed(error: &str) -> Outcome {
    Outcome::Failed { error: error.to_owned() }
}

async fn told(events: &mut broadcast::Receiver<Arc<Event>>, kind: EventKind) -> Value {
    let next = async {
        loop {
            let event = events.recv().await.unwrap();
            if event.kind == kind {
                return serde_json::from_str(event.data.get()).unwrap();
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), next).await.unwrap_or_else(|_| panic!("no {} came", kind.as_str()))
}

#[tokio::test]
async fn groups_of_the_past_are_known_and_not_told() {
    let world = world().await;
    let group = world.made(BUDI, &[ANI, CITRA]).await;
    let mut events = world.events();
    let device = world.linked(ANI).await;
    let group = world.group(&device, &group, "it is known", |_| true).await;
    assert_eq!((group.subject.as_str(), group.owner.as_ref(), group.role), ("Arisan", Some(&jid(BUDI)), Role::Member));
    let all = [(ANI, Role::Member), (BUDI, Role::SuperAdmin), (CITRA, Role::Member)];
    assert_eq!(members(&group), all.map(|(number, role)| (number.to_owned(), role)));
    assert!(group.created_at.is_some() && group.members.iter().all(|member| member.lid.is_some()));
    while let Ok(event) = events.try_recv() {
        assert_ne!(event.kind, EventKind::GroupUpdate);
    }
}

#[tokio::test]
async fn what_others_do_to_groups_is_known_and_told() {
    let world = world().await;
    let device = world.linked(ANI).await;
    let mut events = world.events();
    let group = world.made(BUDI, &[ANI]).await;
    let data = told(&mut events, EventKind::GroupUpdate).await;
    assert_eq!((&data["id"], &data["name"], &data["isAdmin"]), (&json!(group.to_string()), &json!("Arisan"), &json!(false)));
    world.put(&format!("/groups/{group}"), json!({"by": BUDI, "subject": "Arisan RT 5", "description": "Baru", "announce": true})).await;
    let participants = format!("/groups/{group}/participants");
    world.post(&participants, json!({"by": BUDI, "action": "add", "participants": [CITRA]})).await;
    world.post(&participants, json!({"by": BUDI, "action": "promote", "participants": [ANI]})).await;
    let is_so = |group: &Group| group.members.len() == 3 && group.role == Role::Admin && group.announce;
    let known = world.group(&device, &group, "all is known", is_so).await;
    assert_eq!((known.subject.as_str(), known.description.as_deref()), ("Arisan RT 5", Some("Baru")));
    while told(&mut events, EventKind::GroupUpdate).await["participants"].as_array().unwrap().len() < 3 {}

    world.post(&participants, json!({"by": BUDI, "action": "remove", "participants": [ANI]})).await;
    assert_eq!(told(&mut events, EventKind::GroupLeft).await, json!({"id": group.to_string()}));
    world.no_group(&device, &group).await;
    assert_eq!(world.ask(&device.id, Command::Refresh(Refresh::Group { group })).await, failed("forbidden"));
}

#[tokio::test]
async fn what_happened_to_groups_while_the_host_was_down_is_known_and_told() {
    let mut world = world().await;
    let device = world.linked(ANI).await;
    let (stays, goes) = (world.made(BUDI, &[ANI]).await, world.made(CITRA, &[ANI]).await);
    for group in [&stays, &goes] {
        world.group(&device, group, "it is known", |_| true).await;
    }
    world.stop().await;
    world.put(&format!("/groups/{stays}"), json!({"by": BUDI, "subject": "Lain"})).await;
    world.post(&format!("/groups/{goes}/participants"), json!({"by": CITRA, "action": "remove", "participants": [ANI]})).await;
    let mut events = world.events();
    world.start().await;
    assert_eq!(told(&mut events, EventKind::GroupLeft).await, json!({"id": goes.to_string()}));
    world.no_group(&device, &goes).await;
    world.group(&device, &stays, "its name is known", |group| group.subject == "Lain").await;
}

#[tokio::test]
async fn a_group_is_made_changed_and_left() {
    let world = world().await;
    let device = world.linked(ANI).await;
    let mut events = world.events();
    let Outcome::Group { group } = world.ask(&device.id, new("Arisan", &[BUDI, NOBODY])).await else { panic!("no group") };
    let made = People::group(&world.store, &device.id, &group).await.unwrap().expect("its record is stored first");
    assert_eq!((made.subject.as_str(), made.description.as_deref(), made.role), ("Arisan", Some("Tiap bulan"), Role::SuperAdmin));
    assert_eq!((made.owner.as_ref(), made.members.len()), (Some(&jid(ANI)), 2));
    assert_eq!(told(&mut events, EventKind::GroupUpdate).await["id"], json!(group.to_string()));

    for change in [
        GroupChange::Subject("Arisan RT 5".into()),
        GroupChange::Description(Some("Lain".into())),
        GroupChange::Announce(true),
        GroupChange::Locked(true),
    ] {
        assert_eq!(world.change(&device, &group, change.clone()).await, Outcome::Done, "{change:?}");
    }
    let known = world.group(&device, &group, "it is known", |_| true).await;
    assert_eq!((known.subject.as_str(), known.description.as_deref()), ("Arisan RT 5", Some("Lain")));
    assert!(known.announce && known.locked);
    assert_eq!(world.change(&device, &group, GroupChange::Description(None)).await, Outcome::Done);
    assert_eq!(world.group(&device, &group, "it is known", |_| true).await.description, None);

    let outcome = |number: &str, error: Option<&str>| MemberOutcome { jid: jid(number), error: error.map(str::to_owned) };
    let added = world.change(&device, &group, GroupChange::Add(vec![jid(NOBODY), jid(CITRA), jid(BUDI)])).await;
    let members_now = vec![outcome(NOBODY, Some("not_found")), outcome(CITRA, None), outcome(BUDI, Some("conflict"))];
    assert_eq!(added, Outcome::Members { members: members_now });
    let one = |number| Outcome::Members { members: vec![outcome(number, None)] };
    assert_eq!(world.change(&device, &group, GroupChange::Promote(vec![jid(BUDI)])).await, one(BUDI));
    let known = world.group(&device, &group, "it is known", |_| true).await;
    assert_eq!(members(&known)[1..], [(BUDI.to_owned(), Role::Admin), (CITRA.to_owned(), Role::Member)]);
    assert_eq!(world.change(&device, &group, GroupChange::Demote(vec![jid(BUDI)])).await, one(BUDI));
    assert_eq!(world.change(&device, &group, GroupChange::Remove(vec![jid(CITRA)])).await, one(CITRA));
    assert_eq!(world.group(&device, &group, "it is known", |_| true).await.members.len(), 2);

    assert_eq!(world.change(&device, &group, GroupChange::Leave).await, Outcome::Done);
    assert_eq!(told(&mut events, EventKind::GroupLeft).await, json!({"id": group.to_string()}));
    assert_eq!(People::group(&world.store, &device.id, &group).await.unwrap(), None);
    assert_eq!(world.change(&device, &group, GroupChange::Subject("Lain".into())).await, failed("forbidden"));
}

#[tokio::test]
async fn a_group_is_joined_by_an_invitation_that_admins_give_and_take_back() {
    let world = world().await;
    let device = world.linked(ANI).await;
    let other = world.linked(BUDI).await;
    let Outcome::Group { group } = world.ask(&other.id, new("Arisan", &[CITRA])).await else { panic!("no group") };
    let invite = |renew| Command::InviteLink { group: group.clone(), renew };
    let Outcome::InviteLink { code } = world.ask(&other.id, invite(false)).await else { panic!("no invitation") };
    assert_eq!(world.shown(&group).await["inviteCode"], json!(code));
    assert_eq!(world.ask(&device.id, invite(false)).await, failed("forbidden"));
    for _ in 0..2 {
        let joined = world.ask(&device.id, Command::JoinGroup { code: code.clone() }).await;
        assert_eq!(joined, Outcome::Group { group: group.clone() });
    }
    assert_eq!(world.group(&device, &group, "it is known", |_| true).await.members.len(), 3);
    assert_eq!(world.change(&device, &group, GroupChange::Locked(true)).await, failed("forbidden"));
    let Outcome::InviteLink { code: renewed } = world.ask(&other.id, invite(true)).await else { panic!("no invitation") };
    assert_ne!(renewed, code);
    for code in [code, "bohong".into()] {
        assert_eq!(world.ask(&device.id, Command::JoinGroup { code }).await, failed("invalid_invite"));
    }
    assert_eq!(world.ask(&device.id, Command::Refresh(Refresh::Groups)).await, Outcome::Done);
}

#[tokio::test]
async fn a_crash_while_a_group_is_made_makes_no_second_one() {
    let mut world = world().await;
    let device = world.linked(ANI).await;
    let other = world.linked(BUDI).await;
    let Outcome::Group { group: older } = world.ask(&device.id, new("Arisan lama", &[BUDI])).await else { panic!("no group") };
    world.group(&other, &older, "others know it", |_| true).await;
    let mut events = world.events();
    world.post("/faults", json!({"queryDelayMs": 8000})).await;
    let command = world.hand_in(&device.id, new("Arisan", &[BUDI])).await;
    // Others know of the group, and its maker still looks at it, when the host stops.
    while told(&mut events, EventKind::GroupUpdate).await["name"] != "Arisan" {}
    world.post("/faults", json!({"queryDelayMs": 0})).await;
    world.restart().await;
    let Outcome::Group { group } = world.outcome(&command).await else { panic!("no group") };
    assert_eq!(world.ask(&device.id, Command::Refresh(Refresh::Groups)).await, Outcome::Done);
    let page = PageRequest { page: 1, limit: 10, cursor: None };
    let groups = world.store.groups(&device.id, &GroupFilter::default(), &page).await.unwrap().items;
    let known: Vec<_> = groups.iter().map(|group| (&group.jid, group.subject.as_str())).collect();
    assert_eq!(known, [(&group, "Arisan"), (&older, "Arisan lama")]);
}
