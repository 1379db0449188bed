//! What [`People`](crate::ports::People) promises of reading. How people, chats and groups come about is the journal's.

mod chats;
mod contacts;

use std::slice::from_ref;

pub use self::{chats::*, contacts::*};
use super::{World, paged, samples::*};
use crate::{
    model::{Chat, ChatFilter, ChatUpdate, Contact, ContactFilter, ContactUpdate, Device, Group, GroupFilter, Jid, Message, Role},
    ports::{Change, Step},
};

/// Makes a test of each sentence here, for the world that `$start` starts.
#[macro_export]
macro_rules! people_contract {
    ($start:path) => {
        $crate::contract_tests!(
            people,
            $start,
            [
                a_contact_is_found_by_either_name,
                a_contact_without_a_number_is_known_by_the_hidden_id,
                contacts_are_listed_by_what_they_are_called,
                contacts_are_searched_by_every_name_and_the_number,
                contacts_are_filtered_by_what_they_are,
                contacts_are_paged_by_number_and_by_cursor,
                a_contact_knows_until_when_its_chat_is_muted,
                a_chat_is_found_by_either_name,
                pinned_chats_come_first_and_then_those_with_the_latest_message,
                chats_are_filtered_by_what_they_are,
                chats_are_searched_by_their_name_and_number,
                chats_are_paged_by_number_and_by_cursor,
                a_chat_is_called_what_its_person_or_group_is_called,
                a_chat_knows_its_last_message_as_it_is_now,
                a_chat_moves_up_with_what_is_sent_in_it,
                groups_are_listed_by_their_subjects,
                groups_are_filtered_and_searched,
                groups_are_paged_by_number_and_by_cursor,
                what_one_device_knows_no_other_does,
                people_go_with_their_device,
                people_survive_a_crash,
            ]
        );
    };
}

pub async fn groups_are_listed_by_their_subjects(world: World) {
    let device = with_device(&world, "a").await;
    let told = with_subjects(&world, &device, &["RT 05", "arisan", "Keluarga", "Arisan", "Ñusantara"]).await;
    assert_eq!(groups(&world, &device, GroupFilter::default()).await, [1, 3, 2, 0, 4].map(|place| told[place].clone()));
    commit(&world, &device, vec![change(Change::GroupLeft { group: told[2].jid.clone() })]).await;
    assert_eq!(groups(&world, &device, GroupFilter::default()).await.len(), 4);
    assert_eq!(world.people.group(&device.id, &told[2].jid).await.unwrap(), None);
    assert_eq!(world.people.group(&device.id, &told[1].jid).await.unwrap().as_ref(), Some(&told[1]));
}

pub async fn groups_are_filtered_and_searched(world: World) {
    let device = with_device(&world, "a").await;
    let roles = [Role::Member, Role::Admin, Role::SuperAdmin];
    let told: Vec<_> = (1..)
        .zip(["Arisan", "arisan RT 05", "Keluarga"])
        .zip(roles)
        .map(|((n, subject), role)| Group { subject: subject.into(), role, ..group(n) })
        .collect();
    commit(&world, &device, told.iter().map(|group| change(Change::Group(Box::new(group.clone())))).collect()).await;
    for (admin_only, search, wanted) in [
        (true, None, vec![1, 2]),
        (false, Some("ARIS"), vec![0, 1]),
        (true, Some("rt"), vec![1]),
        (true, Some("g.us"), vec![]),
        (false, Some(""), vec![0, 1, 2]),
    ] {
        let filter = GroupFilter { admin_only, search: search.map(str::to_owned) };
        let wanted: Vec<_> = wanted.into_iter().map(|place| told[place].clone()).collect();
        assert_eq!(groups(&world, &device, filter.clone()).await, wanted, "{filter:?}");
    }
}

pub async fn groups_are_paged_by_number_and_by_cursor(world: World) {
    let device = with_device(&world, "a").await;
    let told = with_subjects(&world, &device, &["Arisan"; 5]).await;
    assert_eq!(groups(&world, &device, GroupFilter::default()).await, told);
}

pub async fn what_one_device_knows_no_other_does(world: World) {
    let (device, other) = (with_device(&world, "a").await, with_device(&world, "b").await);
    commit(&world, &device, vec![message_step(1, &incoming(&device, 1)), change(Change::Group(Box::new(group(1))))]).await;
    for device in [&other, &self::device("nobody")] {
        assert_eq!(contacts(&world, device, ContactFilter::default()).await, []);
        assert_eq!(chats(&world, device, ChatFilter::default()).await, []);
        assert_eq!(groups(&world, device, GroupFilter::default()).await, []);
        assert_eq!(world.people.contact(&device.id, &phone(2)).await.unwrap(), None);
        assert_eq!(world.people.chat(&device.id, &phone(2)).await.unwrap(), None);
        assert_eq!(world.people.group(&device.id, &group_jid(1)).await.unwrap(), None);
    }
}

pub async fn people_go_with_their_device(world: World) {
    let device = with_device(&world, "a").await;
    let other = with_device(&world, "b").await;
    // More than any adapter removes in one go.
    let mut steps: Vec<_> = (1..=1_200).map(|n| named(n, "Ani")).collect();
    steps.extend([message_step(1, &incoming(&device, 1)), change(Change::Group(Box::new(group(1))))]);
    commit(&world, &device, steps).await;
    commit(&world, &other, vec![named(2, "Budi"), message_step(1, &incoming(&other, 1))]).await;
    assert_eq!(world.devices.delete(&device.id).await.unwrap().map(|removed| (removed.messages, removed.contacts)), Some((1, 1_200)));
    let device = with_device(&world, "a").await;
    assert_eq!(contacts(&world, &device, ContactFilter::default()).await, []);
    assert_eq!(chats(&world, &device, ChatFilter::default()).await, []);
    assert_eq!(groups(&world, &device, GroupFilter::default()).await, []);
    assert_eq!(contacts(&world, &other, ContactFilter::default()).await.len(), 1);
    assert_eq!(chats(&world, &other, ChatFilter::default()).await.len(), 1);
}

pub async fn people_survive_a_crash(world: World) {
    let device = with_device(&world, "a").await;
    let pinned = ChatUpdate { pinned_at: Some(Some(at(7))), ..ChatUpdate::default() };
    let steps = vec![
        message_step(1, &incoming(&device, 1)),
        change(Change::Group(Box::new(group(1)))),
        chat_news(&phone(2), pinned),
        change(Change::Blocked { contacts: vec![phone(2)] }),
    ];
    commit(&world, &device, steps).await;
    let known = async |world: &World| {
        let people = &world.people;
        let contact = people.contact(&device.id, &phone(2)).await.unwrap().unwrap();
        (
            contact,
            people.chat(&device.id, &phone(2)).await.unwrap().unwrap(),
            people.group(&device.id, &group_jid(1)).await.unwrap().unwrap(),
        )
    };
    let before = known(&world).await;
    assert_eq!((before.0.blocked, before.1.unread, before.1.pinned_at), (true, 1, Some(at(7))));
    let world = world.crash().await;
    assert_eq!(known(&world).await, before);
    assert_eq!(chats(&world, &device, ChatFilter::default()).await, from_ref(&before.1));
}

async fn with_device(world: &World, name: &str) -> Device {
    let device = device(name);
    assert!(world.devices.create(&device).await.unwrap());
    device
}

async fn commit(world: &World, device: &Device, steps: Vec<Step>) {
    world.journal.commit(&device.id, world.epoch, steps).await.unwrap();
}

/// The `n`th message, written in a chat by the `n`th person.
fn from(device: &Device, n: u64, chat: Jid) -> Message {
    Message { chat, from: Some(phone(n)), ..incoming(device, n) }
}

/// The address book's name for the `n`th person.
fn named(n: u64, name: &str) -> Step {
    news(&phone(n), ContactUpdate { name: Some(Some(name.into())), ..ContactUpdate::default() })
}

fn news(contact: &Jid, update: ContactUpdate) -> Step {
    change(Change::Contact { contact: contact.clone(), update: Box::new(update) })
}

fn chat_news(chat: &Jid, update: ChatUpdate) -> Step {
    change(Change::Chat { chat: chat.clone(), update })
}

fn change(change: Change) -> Step {
    Step { change, event: None }
}

async fn with_subjects(world: &World, device: &Device, subjects: &[&str]) -> Vec<Group> {
    let told: Vec<_> = (1..).zip(subjects).map(|(n, subject)| Group { subject: (*subject).into(), ..group(n) }).collect();
    commit(world, device, told.iter().map(|group| change(Change::Group(Box::new(group.clone())))).collect()).await;
    told
}

async fn contacts(world: &World, device: &Device, filter: ContactFilter) -> Vec<Contact> {
    paged(async |page| world.people.contacts(&device.id, &filter, &page).await.unwrap()).await
}

async fn chats(world: &World, device: &Device, filter: ChatFilter) -> Vec<Chat> {
    paged(async |page| world.people.chats(&device.id, &filter, &page).await.unwrap()).await
}

async fn groups(world: &World, device: &Device, filter: GroupFilter) -> Vec<Group> {
    paged(async |page| world.people.groups(&device.id, &filter, &page).await.unwrap()).await
}
