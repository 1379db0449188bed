//! What [`Aliases`](crate::ports::Aliases) promises, and what learning one does to the messages.

use super::{World, samples::*};
use crate::{
    model::{ChatFilter, ChatUpdate, Contact, ContactFilter, ContactUpdate, Device, DeviceId, Jid, Message, MessageFilter, MessageStatus},
    ports::{Change, Step},
};

/// Makes a test of each sentence here, for the world that `$start` starts.
#[macro_export]
macro_rules! aliases_contract {
    ($start:path) => {
        $crate::contract_tests!(
            aliases,
            $start,
            [
                a_person_is_known_by_either_name_within_the_device,
                an_alias_takes_effect_once,
                of_several_hidden_ids_the_one_learned_last_is_the_numbers,
                a_hidden_id_has_the_number_learned_last,
                messages_of_a_hidden_id_move_to_its_numbers_chat,
                however_many_messages_of_a_hidden_id_move,
                messages_of_others_stay_where_they_are,
                a_message_told_under_both_names_is_kept_once,
                a_message_of_a_known_hidden_id_is_stored_under_its_number,
                a_chat_of_a_hidden_id_becomes_its_numbers,
                what_was_unread_under_either_name_is_so_until_it_is_read,
                a_contact_of_a_hidden_id_becomes_its_numbers,
                aliases_go_with_their_device,
                aliases_survive_a_crash,
            ]
        );
    };
}

pub async fn a_person_is_known_by_either_name_within_the_device(world: World) {
    let (a, b) = (with_device(&world, "a").await, with_device(&world, "b").await);
    learn(&world, &a, 2, 2).await;
    assert_eq!(names(&world, &a, 2).await, (Some(phone(2)), Some(lid(2))));
    assert_eq!(names(&world, &a, 3).await, (None, None));
    assert_eq!(names(&world, &b, 2).await, (None, None));
    assert_eq!(names(&world, &device("nobody"), 2).await, (None, None));
}

pub async fn an_alias_takes_effect_once(world: World) {
    let device = with_device(&world, "a").await;
    assert_eq!([learn(&world, &device, 2, 2).await, learn(&world, &device, 2, 2).await, learn(&world, &device, 3, 3).await], [1, 0, 1]);
}

pub async fn of_several_hidden_ids_the_one_learned_last_is_the_numbers(world: World) {
    let device = with_device(&world, "a").await;
    for n in [5, 9, 7] {
        learn(&world, &device, 2, n).await;
    }
    assert_eq!(world.aliases.lid(&device.id, &phone(2)).await.unwrap(), Some(lid(7)));
    for n in [5, 9, 7] {
        assert_eq!(world.aliases.phone(&device.id, &lid(n)).await.unwrap(), Some(phone(2)));
    }
}

pub async fn a_hidden_id_has_the_number_learned_last(world: World) {
    let device = with_device(&world, "a").await;
    assert_eq!([learn(&world, &device, 2, 5).await, learn(&world, &device, 3, 5).await], [1, 1]);
    assert_eq!(world.aliases.phone(&device.id, &lid(5)).await.unwrap(), Some(phone(3)));
    assert_eq!(world.aliases.lid(&device.id, &phone(2)).await.unwrap(), None);
}

pub async fn messages_of_a_hidden_id_move_to_its_numbers_chat(world: World) {
    let device = with_device(&world, "a").await;
    let (received, written) = (hidden_incoming(&device, 1), hidden_outgoing(&device, 2));
    world.messages.accept(&written, Some("key")).await.unwrap();
    world.journal.commit(&device.id, world.epoch, vec![message_step(1, &received)]).await.unwrap();
    world.journal.commit(&device.id, world.epoch, vec![status_step(2, &written, MessageStatus::Sent)]).await.unwrap();
    learn(&world, &device, 2, 2).await;

    let received = Message { chat: phone(2), from: Some(phone(2)), lid: Some(lid(2)), ..received };
    let written = Message { chat: phone(2), to: Some(phone(2)), lid: Some(lid(2)), status: MessageStatus::Sent, ..written };
    assert_eq!(chat(&world, &device, &phone(2)).await, [written.clone(), received.clone()]);
    assert_eq!(world.messages.get(&device.id, &received.id).await.unwrap(), Some(received.clone()));
    assert_eq!(world.messages.accepted(&device.id, "key").await.unwrap(), Some(written.clone()));
    // They go on under their new names.
    let steps =
        vec![status_step(3, &received, MessageStatus::Read), status_step(4, &written, MessageStatus::Read), message_step(5, &received)];
    assert_eq!(world.journal.commit(&device.id, world.epoch, steps).await.unwrap().len(), 2);
}

pub async fn however_many_messages_of_a_hidden_id_move(world: World) {
    let device = with_device(&world, "a").await;
    let stored = |n| message_step(n, &hidden_incoming(&device, n));
    world.journal.commit(&device.id, world.epoch, (1..=70).map(stored).collect()).await.unwrap();
    for n in 71..=75 {
        world.messages.accept(&hidden_outgoing(&device, n), None).await.unwrap();
    }
    // Some are told under both names, and some are stored with what tells of the names.
    let again = (30..=40).map(|n| message_step(n, &incoming(&device, n)));
    let steps = again.chain([stored(76), alias_step(1, &phone(2), &lid(2)), stored(76), stored(77)]).collect();
    assert_eq!(world.journal.commit(&device.id, world.epoch, steps).await.unwrap().len(), 11 + 3);
    let of_chat = |chat| MessageFilter { device: Some(device.id.clone()), chat: Some(chat), ..MessageFilter::default() };
    let page = world.messages.list(&of_chat(phone(2)), &first_page(100)).await.unwrap();
    assert_eq!((page.total, page.items.len()), (77, 77));
    assert!(page.items.iter().all(|message| message.chat == phone(2)));
    assert_eq!(world.messages.tally(&of_chat(phone(3))).await.unwrap().total, 0);
    let of_device = MessageFilter { device: Some(device.id.clone()), ..MessageFilter::default() };
    assert_eq!(world.messages.tally(&of_device).await.unwrap().total, 77);
    assert_eq!(world.people.chat(&device.id, &phone(2)).await.unwrap().map(|chat| chat.unread), Some(72));
}

pub async fn messages_of_others_stay_where_they_are(world: World) {
    let (a, b) = (with_device(&world, "a").await, with_device(&world, "b").await);
    let others = Message { chat: lid(3), from: Some(lid(3)), ..hidden_incoming(&a, 1) };
    let group = Message { chat: Jid::parse("120363000000000001@g.us").unwrap(), ..hidden_incoming(&a, 2) };
    let of_b = hidden_incoming(&b, 3);
    for message in [&others, &group, &of_b] {
        world.journal.commit(&message.device_id, world.epoch, vec![message_step(1, message)]).await.unwrap();
    }
    learn(&world, &a, 2, 2).await;
    for (device, message) in [(&a, others), (&a, group), (&b, of_b)] {
        assert_eq!(world.messages.get(&device.id, &message.id).await.unwrap(), Some(message));
    }
}

pub async fn a_message_told_under_both_names_is_kept_once(world: World) {
    let device = with_device(&world, "a").await;
    let hidden = hidden_incoming(&device, 1);
    let steps = vec![message_step(1, &hidden), message_step(2, &incoming(&device, 1)), message_step(3, &hidden_incoming(&device, 2))];
    assert_eq!(world.journal.commit(&device.id, world.epoch, steps).await.unwrap().len(), 3);
    learn(&world, &device, 2, 2).await;
    let ids: Vec<_> = chat(&world, &device, &phone(2)).await.into_iter().map(|message| message.id).collect();
    assert_eq!(ids, [message_id(2), message_id(1)]);
    let of_device = MessageFilter { device: Some(device.id.clone()), ..MessageFilter::default() };
    assert_eq!(world.messages.tally(&of_device).await.unwrap().total, 2);
    assert_eq!(world.devices.delete(&device.id).await.unwrap().map(|removed| removed.messages), Some(2));
}

pub async fn a_message_of_a_known_hidden_id_is_stored_under_its_number(world: World) {
    let device = with_device(&world, "a").await;
    learn(&world, &device, 2, 2).await;
    let steps = vec![message_step(1, &hidden_incoming(&device, 1)), message_step(2, &incoming(&device, 1))];
    assert_eq!(world.journal.commit(&device.id, world.epoch, steps).await.unwrap().len(), 1);
    world.messages.accept(&hidden_outgoing(&device, 2), None).await.unwrap();
    let stored = chat(&world, &device, &phone(2)).await;
    assert_eq!(stored[1], Message { lid: Some(lid(2)), ..incoming(&device, 1) });
    assert_eq!(stored[0], Message { lid: Some(lid(2)), ..outgoing(&device, 2) });
}

pub async fn a_chat_of_a_hidden_id_becomes_its_numbers(world: World) {
    let device = with_device(&world, "a").await;
    let news = |chat, update| told_step(1, Change::Chat { chat, update });
    let pinned = ChatUpdate { pinned_at: Some(Some(at(7))), archived: Some(true), ..ChatUpdate::default() };
    let steps = vec![
        message_step(1, &hidden_incoming(&device, 1)),
        // The same one, told under both names.
        message_step(2, &incoming(&device, 1)),
        message_step(3, &incoming(&device, 3)),
        message_step(4, &hidden_incoming(&device, 4)),
        news(lid(2), pinned),
        news(lid(3), ChatUpdate { marked_unread: Some(true), ..ChatUpdate::default() }),
    ];
    world.journal.commit(&device.id, world.epoch, steps).await.unwrap();
    learn(&world, &device, 2, 2).await;
    learn(&world, &device, 3, 3).await;
    let chats = world.people.chats(&device.id, &ChatFilter::default(), &first_page(10)).await.unwrap();
    assert_eq!(chats.items.iter().map(|chat| chat.jid.clone()).collect::<Vec<_>>(), [phone(2), phone(3)]);
    let (first, second) = (&chats.items[0], &chats.items[1]);
    assert_eq!((first.unread, first.pinned_at, first.archived, first.last_message_at), (3, Some(at(7)), false, Some(at(4))));
    assert_eq!(first.last_message.as_ref().map(|message| (&message.id, &message.chat)), Some((&message_id(4), &phone(2))));
    assert!(second.marked_unread);
    // What is told of it under the hidden id reaches it from now on.
    let read = ChatUpdate { marked_unread: Some(false), ..ChatUpdate::default() };
    let steps = vec![message_step(5, &hidden_incoming(&device, 5)), news(lid(2), read)];
    assert_eq!(world.journal.commit(&device.id, world.epoch, steps).await.unwrap().len(), 2);
    let chat = world.people.chat(&device.id, &phone(2)).await.unwrap().unwrap();
    assert_eq!((chat.unread, chat.last_message_at), (0, Some(at(5))));
}

pub async fn what_was_unread_under_either_name_is_so_until_it_is_read(world: World) {
    let device = with_device(&world, "a").await;
    let commit = async |steps: Vec<Step>| world.journal.commit(&device.id, world.epoch, steps).await.unwrap();
    let all_read = ChatUpdate { marked_unread: Some(false), ..ChatUpdate::default() };
    let (seen, hidden, known) = (hidden_incoming(&device, 1), hidden_incoming(&device, 2), incoming(&device, 3));
    let all_seen = told_step(1, Change::Chat { chat: lid(2), update: all_read });
    commit(vec![message_step(1, &seen), all_seen, message_step(2, &hidden), message_step(3, &known)]).await;
    learn(&world, &device, 2, 2).await;
    for (message, unread) in [(&seen, 2), (&hidden, 1), (&known, 0), (&hidden, 0)] {
        commit(vec![status_step(4, message, MessageStatus::Read)]).await;
        assert_eq!(world.people.chat(&device.id, &phone(2)).await.unwrap().map(|chat| chat.unread), Some(unread));
    }
}

pub async fn a_contact_of_a_hidden_id_becomes_its_numbers(world: World) {
    let device = with_device(&world, "a").await;
    let news = |contact, update| told_step(1, Change::Contact { contact, update: Box::new(update) });
    let hidden = ContactUpdate {
        name: Some(Some("Ani di kantor".into())),
        push_name: Some("Ani".into()),
        about: Some(Some("Sibuk".into())),
        business: Some(true),
        blocked: Some(true),
        last_seen: Some(at(9)),
        ..ContactUpdate::default()
    };
    let known = ContactUpdate { name: Some(Some("Ani".into())), last_seen: Some(at(3)), ..ContactUpdate::default() };
    let steps = vec![news(lid(2), hidden.clone()), news(phone(2), known), news(lid(3), hidden)];
    world.journal.commit(&device.id, world.epoch, steps).await.unwrap();
    learn(&world, &device, 2, 2).await;
    learn(&world, &device, 3, 3).await;
    let merged = |n, name: &str| Contact {
        lid: Some(lid(n)),
        name: Some(name.into()),
        push_name: Some("Ani".into()),
        about: Some("Sibuk".into()),
        business: true,
        blocked: true,
        last_seen: Some(at(9)),
        ..Contact::new(phone(n))
    };
    let contacts = world.people.contacts(&device.id, &ContactFilter::default(), &first_page(10)).await.unwrap();
    assert_eq!((contacts.items, contacts.total), (vec![merged(2, "Ani"), merged(3, "Ani di kantor")], 2));
    // What is told of them under the hidden id reaches them from now on.
    let update = ContactUpdate { about: Some(None), ..ContactUpdate::default() };
    let steps = || vec![news(lid(2), update.clone())];
    for told in [1, 0] {
        assert_eq!(world.journal.commit(&device.id, world.epoch, steps()).await.unwrap().len(), told);
    }
    let ani = Contact { about: None, ..merged(2, "Ani") };
    assert_eq!(world.people.contact(&device.id, &phone(2)).await.unwrap(), Some(ani));
    assert_eq!(world.devices.delete(&device.id).await.unwrap().map(|removed| removed.contacts), Some(2));
}

pub async fn aliases_go_with_their_device(world: World) {
    let device = with_device(&world, "a").await;
    learn(&world, &device, 2, 2).await;
    world.devices.delete(&device.id).await.unwrap();
    assert_eq!(names(&world, &device, 2).await, (None, None));
    with_device(&world, "a").await;
    assert_eq!(names(&world, &device, 2).await, (None, None));
}

pub async fn aliases_survive_a_crash(world: World) {
    let device = with_device(&world, "a").await;
    learn(&world, &device, 2, 2).await;
    let world = world.crash().await;
    assert_eq!(names(&world, &device, 2).await, (Some(phone(2)), Some(lid(2))));
    assert_eq!(learn(&world, &device, 2, 2).await, 0);
}

async fn with_device(world: &World, name: &str) -> Device {
    let device = device(name);
    assert!(world.devices.create(&device).await.unwrap());
    device
}

/// Tells of a person; answers how many events that makes.
async fn learn(world: &World, device: &Device, number: u64, hidden: u64) -> usize {
    let step = alias_step(number * 100 + hidden, &phone(number), &lid(hidden));
    world.journal.commit(&device.id, world.epoch, Vec::<Step>::from([step])).await.unwrap().len()
}

async fn names(world: &World, device: &Device, n: u64) -> (Option<Jid>, Option<Jid>) {
    let id: &DeviceId = &device.id;
    (world.aliases.phone(id, &lid(n)).await.unwrap(), world.aliases.lid(id, &phone(n)).await.unwrap())
}

async fn chat(world: &World, device: &Device, chat: &Jid) -> Vec<Message> {
    let filter = MessageFilter { device: Some(device.id.clone()), chat: Some(chat.clone()), ..MessageFilter::default() };
    let page = world.messages.list(&filter, &first_page(10)).await.unwrap();
    assert_eq!(page.total, page.items.len() as u64);
    page.items
}

fn hidden_incoming(device: &Device, n: u64) -> Message {
    Message { chat: lid(2), from: Some(lid(2)), lid: Some(lid(2)), ..incoming(device, n) }
}

fn hidden_outgoing(device: &Device, n: u64) -> Message {
    Message { chat: lid(2), to: Some(lid(2)), lid: Some(lid(2)), ..outgoing(device, n) }
}
