//! What [`People`](crate::ports::People) promises of reading. How people, chats and groups come about is the journal's.

use std::slice::from_ref;

use super::{World, paged, samples::*};
use crate::{
    model::{
        Chat, ChatFilter, ChatUpdate, Contact, ContactFilter, ContactUpdate, Device, Group, GroupFilter, Jid, Message, MessageStatus, Role,
        Timestamp,
    },
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

pub async fn a_contact_is_found_by_either_name(world: World) {
    let device = with_device(&world, "a").await;
    commit(&world, &device, vec![named(2, "Ani"), change(Change::Alias { phone: phone(2), lid: lid(2) })]).await;
    let ani = Contact { name: Some("Ani".into()), lid: Some(lid(2)), ..Contact::new(phone(2)) };
    for name in [phone(2), lid(2)] {
        assert_eq!(world.people.contact(&device.id, &name).await.unwrap(), Some(ani.clone()));
    }
    assert_eq!(contacts(&world, &device, ContactFilter::default()).await, [ani]);
    assert_eq!(world.people.contact(&device.id, &phone(3)).await.unwrap(), None);
}

pub async fn a_contact_without_a_number_is_known_by_the_hidden_id(world: World) {
    let device = with_device(&world, "a").await;
    let update = ContactUpdate { push_name: Some("Ani".into()), ..ContactUpdate::default() };
    commit(&world, &device, vec![news(&lid(2), update)]).await;
    let ani = Contact { push_name: Some("Ani".into()), lid: Some(lid(2)), ..Contact::new(lid(2)) };
    assert_eq!(world.people.contact(&device.id, &lid(2)).await.unwrap(), Some(ani));
}

pub async fn contacts_are_listed_by_what_they_are_called(world: World) {
    let device = with_device(&world, "a").await;
    let verified = ContactUpdate {
        verified_name: Some(Some("budi".into())),
        push_name: Some("Zainal".into()),
        business: Some(true),
        ..ContactUpdate::default()
    };
    let push = ContactUpdate { push_name: Some("BUDI".into()), ..ContactUpdate::default() };
    let unknown = ContactUpdate::default();
    let steps = vec![
        named(9, "citra"),
        news(&phone(8), unknown.clone()),
        news(&phone(7), unknown),
        news(&phone(6), push),
        news(&phone(5), verified),
        named(4, "Ani"),
        named(3, "Émile"),
    ];
    commit(&world, &device, steps).await;
    let found: Vec<_> = contacts(&world, &device, ContactFilter::default()).await.into_iter().map(|contact| contact.jid).collect();
    assert_eq!(found, [4, 5, 6, 9, 3, 7, 8].map(phone));
}

pub async fn contacts_are_searched_by_every_name_and_the_number(world: World) {
    let device = with_device(&world, "a").await;
    let names = ContactUpdate {
        name: Some(Some("Ibu Émilie".into())),
        push_name: Some("Émi 💐".into()),
        verified_name: Some(Some("TOKO 100%_MURAH".into())),
        ..ContactUpdate::default()
    };
    commit(&world, &device, vec![news(&phone(2), names), named(3, "Budi")]).await;
    for search in ["ibu", "ÉMILIE", "émi", "💐", "toko", "100%_m", "62811", "+62811", "62811000000"] {
        let found = contacts(&world, &device, search_contacts(search)).await;
        assert!(found.iter().any(|contact| contact.jid == phone(2)), "{search}");
    }
    for search in ["whatsapp", "ibu\u{301}", "100__m", "9999", "ibu émilie toko"] {
        assert_eq!(contacts(&world, &device, search_contacts(search)).await, [], "{search}");
    }
    assert_eq!(contacts(&world, &device, search_contacts(phone(3).user())).await.len(), 1);
    assert_eq!(contacts(&world, &device, search_contacts("")).await.len(), 2);
    // What is called otherwise by now is not found by what it was called.
    commit(&world, &device, vec![named(3, "Citra")]).await;
    assert_eq!(contacts(&world, &device, search_contacts("budi")).await, []);
}

pub async fn contacts_are_filtered_by_what_they_are(world: World) {
    let device = with_device(&world, "a").await;
    let verified = ContactUpdate { verified_name: Some(Some("Toko".into())), ..ContactUpdate::default() };
    let blocked = Change::Blocked { contacts: vec![phone(3), phone(4)] };
    let also = ContactUpdate { verified_name: Some(Some("Warung".into())), ..ContactUpdate::default() };
    commit(&world, &device, vec![named(1, "Ani"), news(&phone(2), verified), news(&phone(3), also), change(blocked)]).await;
    let all = ContactFilter::default;
    for (filter, wanted) in [
        (ContactFilter { verified: Some(true), ..all() }, vec![2, 3]),
        (ContactFilter { verified: Some(false), ..all() }, vec![1, 4]),
        (ContactFilter { blocked: Some(true), ..all() }, vec![3, 4]),
        (ContactFilter { blocked: Some(false), ..all() }, vec![1, 2]),
        (ContactFilter { blocked: Some(true), verified: Some(true), search: Some("WAR".into()) }, vec![3]),
    ] {
        let found: Vec<_> = contacts(&world, &device, filter.clone()).await.into_iter().map(|contact| contact.jid).collect();
        assert_eq!(found, wanted.into_iter().map(phone).collect::<Vec<_>>(), "{filter:?}");
    }
}

pub async fn contacts_are_paged_by_number_and_by_cursor(world: World) {
    let device = with_device(&world, "a").await;
    // Some share a name, and some have none.
    let steps = (1..=7).map(|n| if n > 5 { news(&phone(n), ContactUpdate::default()) } else { named(n, ["Ani", "Budi"][n as usize % 2]) });
    commit(&world, &device, steps.collect()).await;
    let found: Vec<_> = contacts(&world, &device, ContactFilter::default()).await.into_iter().map(|contact| contact.jid).collect();
    assert_eq!(found, [2, 4, 1, 3, 5, 6, 7].map(phone));
}

pub async fn a_contact_knows_until_when_its_chat_is_muted(world: World) {
    let device = with_device(&world, "a").await;
    let mute = |until| vec![chat_news(&phone(2), ChatUpdate { muted_until: Some(until), ..ChatUpdate::default() })];
    commit(&world, &device, vec![named(2, "Ani")]).await;
    for until in [Some(at(9)), Some(Timestamp::MAX), None] {
        commit(&world, &device, mute(until)).await;
        let ani = world.people.contact(&device.id, &phone(2)).await.unwrap().unwrap();
        assert_eq!(ani.muted_until, until);
        assert_eq!(contacts(&world, &device, ContactFilter::default()).await, [ani]);
    }
}

pub async fn a_chat_is_found_by_either_name(world: World) {
    let device = with_device(&world, "a").await;
    commit(&world, &device, vec![message_step(1, &incoming(&device, 1)), change(Change::Alias { phone: phone(2), lid: lid(2) })]).await;
    let chat = world.people.chat(&device.id, &phone(2)).await.unwrap();
    assert!(chat.is_some());
    assert_eq!(world.people.chat(&device.id, &lid(2)).await.unwrap(), chat);
    assert_eq!(world.people.chat(&device.id, &phone(3)).await.unwrap(), None);
}

pub async fn pinned_chats_come_first_and_then_those_with_the_latest_message(world: World) {
    let device = with_device(&world, "a").await;
    let mut steps: Vec<_> = [3, 1, 4, 2].map(|n| message_step(n, &from(&device, n, phone(n)))).into();
    let pin = |n, moment| chat_news(&phone(n), ChatUpdate { pinned_at: Some(moment), ..ChatUpdate::default() });
    steps.extend([pin(1, Some(at(50))), pin(9, Some(at(60))), pin(8, None), pin(4, Some(at(40))), pin(4, None)]);
    commit(&world, &device, steps).await;
    assert_eq!(order(&chats(&world, &device, ChatFilter::default()).await), [9, 1, 4, 3, 2, 8].map(phone));
    commit(&world, &device, vec![message_step(10, &from(&device, 10, phone(2)))]).await;
    assert_eq!(order(&chats(&world, &device, ChatFilter::default()).await), [9, 1, 2, 4, 3, 8].map(phone));
}

pub async fn chats_are_filtered_by_what_they_are(world: World) {
    let device = with_device(&world, "a").await;
    let archived = |archived| ChatUpdate { archived: Some(archived), ..ChatUpdate::default() };
    let marked = ChatUpdate { marked_unread: Some(true), archived: Some(true), ..ChatUpdate::default() };
    let read = Message { status: MessageStatus::Read, ..from(&device, 3, phone(3)) };
    let steps = vec![
        message_step(5, &from(&device, 5, phone(5))),
        message_step(4, &from(&device, 4, phone(4))),
        message_step(3, &read),
        chat_news(&phone(4), archived(true)),
        chat_news(&phone(5), archived(true)),
        chat_news(&phone(5), archived(false)),
        chat_news(&phone(2), marked),
    ];
    commit(&world, &device, steps).await;
    let all = ChatFilter::default;
    for (filter, wanted) in [
        (all(), vec![5, 4, 3, 2]),
        (ChatFilter { unread_only: true, ..all() }, vec![5, 4, 2]),
        (ChatFilter { archived: Some(true), ..all() }, vec![4, 2]),
        (ChatFilter { archived: Some(false), ..all() }, vec![5, 3]),
        (ChatFilter { archived: Some(false), unread_only: true, ..all() }, vec![5]),
    ] {
        let found = chats(&world, &device, filter.clone()).await;
        assert_eq!(order(&found), wanted.into_iter().map(phone).collect::<Vec<_>>(), "{filter:?}");
        assert!(!filter.unread_only || found.iter().all(Chat::is_unread));
    }
}

pub async fn chats_are_searched_by_their_name_and_number(world: World) {
    let device = with_device(&world, "a").await;
    let steps = vec![
        message_step(3, &from(&device, 3, group_jid(1))),
        message_step(2, &Message { push_name: None, ..from(&device, 2, phone(2)) }),
        message_step(1, &from(&device, 1, phone(1))),
        change(Change::Group(Box::new(Group { subject: "Arisan RT 05".into(), ..group(1) }))),
        named(1, "Émilie"),
    ];
    commit(&world, &device, steps).await;
    let search = |text: &str| ChatFilter { search: Some(text.into()), ..ChatFilter::default() };
    for (text, wanted) in [
        ("ARISAN", vec![group_jid(1)]),
        ("éM", vec![phone(1)]),
        (phone(2).user(), vec![phone(2)]),
        ("+62811", vec![phone(2), phone(1)]),
        ("g.us", vec![]),
        ("Budi", vec![]),
    ] {
        assert_eq!(order(&chats(&world, &device, search(text)).await), wanted, "{text}");
    }
}

pub async fn chats_are_paged_by_number_and_by_cursor(world: World) {
    let device = with_device(&world, "a").await;
    let mut steps: Vec<_> = (1..=5).map(|n| message_step(n, &from(&device, n, phone(n)))).collect();
    steps.push(chat_news(&phone(1), ChatUpdate { pinned_at: Some(Some(at(1))), ..ChatUpdate::default() }));
    steps.push(chat_news(&phone(6), ChatUpdate::default()));
    commit(&world, &device, steps).await;
    assert_eq!(order(&chats(&world, &device, ChatFilter::default()).await), [1, 5, 4, 3, 2, 6].map(phone));
}

pub async fn a_chat_is_called_what_its_person_or_group_is_called(world: World) {
    let device = with_device(&world, "a").await;
    let name = async |chat: Jid| world.people.chat(&device.id, &chat).await.unwrap().unwrap().name;
    let unnamed = Message { push_name: None, ..from(&device, 1, phone(1)) };
    commit(&world, &device, vec![message_step(1, &unnamed), message_step(2, &from(&device, 2, group_jid(1)))]).await;
    assert_eq!((name(phone(1)).await, name(group_jid(1)).await), (None, None));
    let push = ContactUpdate { push_name: Some("anı".into()), ..ContactUpdate::default() };
    let told = |subject: &str| change(Change::Group(Box::new(Group { subject: subject.into(), ..group(1) })));
    commit(&world, &device, vec![news(&phone(1), push), told("Arisan")]).await;
    assert_eq!((name(phone(1)).await.as_deref(), name(group_jid(1)).await.as_deref()), (Some("anı"), Some("Arisan")));
    // The account's own name for them comes first, and the name of a group stays when it was left.
    commit(&world, &device, vec![named(1, "Ani"), told("Arisan RT 05"), change(Change::GroupLeft { group: group_jid(1) })]).await;
    assert_eq!((name(phone(1)).await.as_deref(), name(group_jid(1)).await.as_deref()), (Some("Ani"), Some("Arisan RT 05")));
}

pub async fn a_chat_knows_its_last_message_as_it_is_now(world: World) {
    let device = with_device(&world, "a").await;
    let (first, second) = (from(&device, 1, phone(2)), Message { status: MessageStatus::Sent, ..outgoing(&device, 2) });
    commit(&world, &device, vec![message_step(2, &second), message_step(1, &first)]).await;
    let steps = vec![edited_step(3, &second, "Halo lagi"), status_step(4, &second, MessageStatus::Read)];
    commit(&world, &device, steps).await;
    let chat = world.people.chat(&device.id, &phone(2)).await.unwrap().unwrap();
    let last = Message { content: "Halo lagi".into(), edited_at: Some(at(3)), status: MessageStatus::Read, read_at: Some(at(4)), ..second };
    assert_eq!((chat.last_message_at, chat.last_message.as_ref()), (Some(at(2)), Some(&last)));
    assert_eq!(chats(&world, &device, ChatFilter::default()).await, [chat]);
    // One that only WhatsApp has a message of has none.
    let told = ChatUpdate { last_message_at: Some(at(9)), ..ChatUpdate::default() };
    commit(&world, &device, vec![chat_news(&phone(3), told)]).await;
    let empty = Chat { last_message_at: Some(at(9)), ..Chat::new(phone(3)) };
    assert_eq!(world.people.chat(&device.id, &phone(3)).await.unwrap(), Some(empty));
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

fn search_contacts(text: &str) -> ContactFilter {
    ContactFilter { search: Some(text.into()), ..ContactFilter::default() }
}

fn order(chats: &[Chat]) -> Vec<Jid> {
    chats.iter().map(|chat| chat.jid.clone()).collect()
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
