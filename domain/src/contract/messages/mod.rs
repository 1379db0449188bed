//! What [`Messages`](crate::ports::Messages) promises.

mod filters;

use std::collections::BTreeSet;

use self::filters::silent;
pub use self::filters::*;
use super::{World, racing, samples::*};
use crate::{
    model::{Cursor, Device, MediaId, MediaPlace, Message, MessageFilter, MessageStatus, Page, PageRequest},
    ports::{Accepted, Change},
};

/// Makes a test of each sentence here, for the world that `$start` starts.
#[macro_export]
macro_rules! messages_contract {
    ($start:path) => {
        $crate::contract_tests!(
            messages,
            $start,
            [
                an_accepted_message_is_found_as_it_was_given,
                a_repeated_idempotency_key_finds_the_first_message_as_it_is_now,
                an_accepted_message_is_found_by_its_idempotency_key_as_it_is_now,
                an_accepted_message_is_found_by_its_idempotency_key,
                idempotency_keys_are_each_devices_own,
                of_racing_calls_with_one_idempotency_key_exactly_one_is_new,
                without_an_idempotency_key_every_message_is_new,
                accepting_a_message_again_stores_it_once,
                of_several_messages_with_one_id_the_newest_is_found,
                messages_are_listed_newest_first_by_device_and_by_id,
                messages_are_paged_by_number,
                a_cursor_reaches_every_message_once_while_more_arrive,
                messages_of_one_moment_are_all_reached,
                messages_that_came_in_one_moment_are_listed_as_they_came,
                a_cursor_of_another_list_does_no_harm,
                every_filter_finds_exactly_what_meets_it,
                a_page_that_is_asked_for_by_number_and_filter_goes_on_where_the_one_before_ended,
                pending_messages_are_found_oldest_first,
                pending_messages_wait_for_their_time,
                messages_awaiting_their_file_are_found_oldest_first,
                messages_and_idempotency_keys_survive_a_crash,
            ]
        );
    };
}

pub async fn an_accepted_message_is_found_as_it_was_given(world: World) {
    let device = with_device(&world, "a").await;
    let message = Message { content: "'; DROP TABLE messages; -- \u{0} \u{10ffff}".into(), lid: None, ..outgoing(&device, 1) };
    assert_eq!(world.messages.accept(&message, None).await.unwrap(), Accepted::New);
    assert_eq!(world.messages.get(&device.id, &message.id).await.unwrap(), Some(message));
    assert_eq!(world.messages.get(&device.id, &message_id(2)).await.unwrap(), None);
    assert_eq!(world.messages.get(&nobody().id, &message_id(1)).await.unwrap(), None);
}

pub async fn a_repeated_idempotency_key_finds_the_first_message_as_it_is_now(world: World) {
    let device = with_device(&world, "a").await;
    let first = outgoing(&device, 1);
    assert_eq!(world.messages.accept(&first, Some("key")).await.unwrap(), Accepted::New);
    world.journal.commit(&device.id, world.epoch, vec![status_step(1, &first, MessageStatus::Sent)]).await.unwrap();
    let sent = Message { status: MessageStatus::Sent, ..first };
    assert_eq!(world.messages.accept(&outgoing(&device, 2), Some("key")).await.unwrap(), Accepted::Repeated(Box::new(sent)));
    assert_eq!(world.messages.get(&device.id, &message_id(2)).await.unwrap(), None);
}

pub async fn an_accepted_message_is_found_by_its_idempotency_key_as_it_is_now(world: World) {
    let (device, other) = (with_device(&world, "a").await, with_device(&world, "b").await);
    let message = outgoing(&device, 1);
    world.messages.accept(&message, Some("key")).await.unwrap();
    world.messages.accept(&outgoing(&device, 2), None).await.unwrap();
    world.journal.commit(&device.id, world.epoch, vec![status_step(1, &message, MessageStatus::Sent)]).await.unwrap();
    let sent = Message { status: MessageStatus::Sent, ..message };
    assert_eq!(world.messages.accepted(&device.id, "key").await.unwrap(), Some(sent));
    for (device, key) in [(&device, "another"), (&other, "key"), (&nobody(), "key")] {
        assert_eq!(world.messages.accepted(&device.id, key).await.unwrap(), None);
    }
}

pub async fn an_accepted_message_is_found_by_its_idempotency_key(world: World) {
    let device = with_device(&world, "a").await;
    let message = outgoing(&device, 1);
    world.messages.accept(&message, Some("key")).await.unwrap();
    world.messages.accept(&outgoing(&device, 2), None).await.unwrap();
    world.journal.commit(&device.id, world.epoch, vec![status_step(1, &message, MessageStatus::Sent)]).await.unwrap();
    let sent = Message { status: MessageStatus::Sent, ..message };
    assert_eq!(world.messages.accepted(&device.id, "key").await.unwrap(), Some(sent));
    assert_eq!(world.messages.accepted(&device.id, "other").await.unwrap(), None);
    assert_eq!(world.messages.accepted(&with_device(&world, "b").await.id, "key").await.unwrap(), None);
}

pub async fn idempotency_keys_are_each_devices_own(world: World) {
    for device in [with_device(&world, "a").await, with_device(&world, "b").await] {
        assert_eq!(world.messages.accept(&outgoing(&device, 1), Some("key")).await.unwrap(), Accepted::New);
    }
}

pub async fn of_racing_calls_with_one_idempotency_key_exactly_one_is_new(world: World) {
    let device = with_device(&world, "a").await;
    let answers = racing(20, |n| {
        let (messages, message) = (world.messages.clone(), outgoing(&device, n));
        async move { (message.id.clone(), messages.accept(&message, Some("key")).await.unwrap()) }
    });
    let (new, repeated): (Vec<_>, Vec<_>) = answers.await.into_iter().partition(|(_, answer)| *answer == Accepted::New);
    assert_eq!(new.len(), 1);
    for (_, answer) in repeated {
        assert!(matches!(answer, Accepted::Repeated(first) if first.id == new[0].0));
    }
    assert_eq!(list(&world, &MessageFilter::default(), &first_page(10)).await.total, 1);
}

pub async fn without_an_idempotency_key_every_message_is_new(world: World) {
    let device = with_device(&world, "a").await;
    for n in 0..3 {
        assert_eq!(world.messages.accept(&outgoing(&device, n), None).await.unwrap(), Accepted::New);
    }
    assert_eq!(list(&world, &of(&device), &first_page(10)).await.total, 3);
}

pub async fn accepting_a_message_again_stores_it_once(world: World) {
    let device = with_device(&world, "a").await;
    for _ in 0..2 {
        world.messages.accept(&outgoing(&device, 1), None).await.unwrap();
        world.messages.accept(&outgoing(&device, 2), Some("key")).await.unwrap();
    }
    assert_eq!(list(&world, &of(&device), &first_page(10)).await.total, 2);
}

pub async fn of_several_messages_with_one_id_the_newest_is_found(world: World) {
    let device = with_device(&world, "a").await;
    let message = |chat, n| Message { chat: phone(chat), id: message_id(1), ..incoming(&device, n) };
    let steps = [(2, 1), (3, 3), (4, 2)].map(|(chat, n)| message_step(n, &message(chat, n)));
    world.journal.commit(&device.id, world.epoch, steps.into()).await.unwrap();
    assert_eq!(world.messages.get(&device.id, &message_id(1)).await.unwrap(), Some(message(3, 3)));
    let all = list(&world, &MessageFilter { id: Some(message_id(1)), ..MessageFilter::default() }, &first_page(10)).await;
    assert_eq!((all.items, all.total), (vec![message(3, 3), message(4, 2), message(2, 1)], 3));
}

pub async fn messages_are_listed_newest_first_by_device_and_by_id(world: World) {
    let (a, b) = (with_device(&world, "a").await, with_device(&world, "b").await);
    for message in [outgoing(&a, 2), outgoing(&a, 1), outgoing(&b, 3), outgoing(&b, 1)] {
        world.messages.accept(&message, None).await.unwrap();
    }
    let both = MessageFilter { id: Some(message_id(1)), ..of(&b) };
    let by_id = MessageFilter { id: Some(message_id(2)), ..MessageFilter::default() };
    let of_nobody = of(&nobody());
    for (filter, wanted) in [
        (of(&a), vec![outgoing(&a, 2), outgoing(&a, 1)]),
        (both, vec![outgoing(&b, 1)]),
        (by_id, vec![outgoing(&a, 2)]),
        (of_nobody, vec![]),
    ] {
        let page = list(&world, &filter, &first_page(10)).await;
        assert_eq!((page.total, page.items, page.next), (wanted.len() as u64, wanted, None), "{filter:?}");
    }
    let all = list(&world, &MessageFilter::default(), &first_page(10)).await;
    let order: Vec<u64> = all.items.iter().map(|message| (message.timestamp.millis() - at(0).millis()).unsigned_abs()).collect();
    assert_eq!((order, all.total), (vec![3, 2, 1, 1], 4));
}

pub async fn messages_are_paged_by_number(world: World) {
    let device = with_device(&world, "a").await;
    for n in 1..=5 {
        world.messages.accept(&outgoing(&device, n), None).await.unwrap();
    }
    for (page, wanted) in [(1, vec![5, 4]), (2, vec![3, 2]), (3, vec![1]), (4, vec![]), (u32::MAX, vec![])] {
        for filter in [MessageFilter::default(), of(&device)] {
            let found = list(&world, &filter, &PageRequest { page, limit: 2, cursor: None }).await;
            let wanted: Vec<_> = wanted.iter().map(|n| outgoing(&device, *n)).collect();
            assert_eq!((found.items, found.total, found.next.is_some()), (wanted, 5, page < 3), "{page}");
        }
    }
}

pub async fn a_cursor_reaches_every_message_once_while_more_arrive(world: World) {
    let device = with_device(&world, "a").await;
    for n in 1..=20 {
        world.messages.accept(&outgoing(&device, n), None).await.unwrap();
    }
    for filter in [MessageFilter::default(), of(&device)] {
        let mut seen = Vec::new();
        let mut page = first_page(3);
        for more in 0.. {
            let found = list(&world, &filter, &page).await;
            seen.extend(found.items.into_iter().map(|message| message.id).filter(|id| *id <= message_id(20)));
            if found.next.is_none() {
                break;
            }
            // The page is as good in the form users see.
            page.cursor = found.next.map(|next| Cursor::decode(&next.encode()).unwrap());
            world.messages.accept(&outgoing(&device, 100 + more), None).await.unwrap();
        }
        assert_eq!(seen, (1..=20).rev().map(message_id).collect::<Vec<_>>());
    }
}

pub async fn messages_of_one_moment_are_all_reached(world: World) {
    let device = with_device(&world, "a").await;
    for n in 0..10 {
        world.messages.accept(&Message { timestamp: at(0), ..outgoing(&device, n) }, None).await.unwrap();
    }
    let mut seen = BTreeSet::new();
    let mut page = first_page(3);
    loop {
        let found = list(&world, &of(&device), &page).await;
        assert!(found.items.into_iter().all(|message| seen.insert(message.id)));
        let Some(next) = found.next else { break };
        page.cursor = Some(next);
    }
    assert_eq!(seen.len(), 10);
}

pub async fn messages_that_came_in_one_moment_are_listed_as_they_came(world: World) {
    let device = with_device(&world, "a").await;
    let hidden = |n| Message { timestamp: at(0), chat: lid(2), from: Some(lid(2)), ..incoming(&device, n) };
    // Ids say nothing of the order.
    let came: Vec<Message> = [4, 9, 2, 7, 1, 8].map(hidden).into();
    for (n, part) in (10..).step_by(10).zip(came.chunks(4)) {
        let steps = (n..).zip(part).map(|(n, message)| message_step(n, message)).collect();
        world.journal.commit(&device.id, world.epoch, steps).await.unwrap();
    }
    let latest_first: Vec<_> = came.iter().rev().map(|message| message.id.clone()).collect();
    let steps = [status_step(30, &came[1], MessageStatus::Read), alias_step(31, &phone(2), &lid(2))];
    for step in [None].into_iter().chain(steps.map(Some)) {
        let chat = if step.as_ref().is_some_and(|step| matches!(step.change, Change::Alias { .. })) { phone(2) } else { lid(2) };
        world.journal.commit(&device.id, world.epoch, step.into_iter().collect()).await.unwrap();
        for filter in [of(&device), MessageFilter { chat: Some(chat), ..of(&device) }] {
            let listed = list(&world, &filter, &first_page(10)).await.items;
            assert_eq!(listed.into_iter().map(|message| message.id).collect::<Vec<_>>(), latest_first, "{filter:?}");
        }
    }
}

pub async fn a_cursor_of_another_list_does_no_harm(world: World) {
    let device = with_device(&world, "a").await;
    world.messages.accept(&outgoing(&device, 1), None).await.unwrap();
    for cursor in [vec![], vec![0; 16], vec![255; 16], b"{\"x\":1}".to_vec(), vec![7; 1000]] {
        for filter in [MessageFilter::default(), of(&device), MessageFilter { id: Some(message_id(1)), ..MessageFilter::default() }] {
            let page = PageRequest { cursor: Some(Cursor(cursor.clone())), ..first_page(10) };
            assert!(list(&world, &filter, &page).await.items.len() <= 1);
        }
    }
}

pub async fn pending_messages_are_found_oldest_first(world: World) {
    let device = with_device(&world, "a").await;
    for n in [3, 1, 2, 4] {
        world.messages.accept(&outgoing(&device, n), None).await.unwrap();
    }
    let steps = vec![status_step(1, &outgoing(&device, 2), MessageStatus::Sent), message_step(2, &incoming(&device, 0))];
    world.journal.commit(&device.id, world.epoch, steps).await.unwrap();
    assert_eq!(world.messages.pending(at(4), 10).await.unwrap(), [outgoing(&device, 1), outgoing(&device, 3)]);
    assert_eq!(world.messages.pending(at(4), 1).await.unwrap(), [outgoing(&device, 1)]);
    assert_eq!(world.messages.pending(at(1), 10).await.unwrap(), []);
}

pub async fn pending_messages_wait_for_their_time(world: World) {
    let device = with_device(&world, "a").await;
    let later = Message { due_at: Some(at(1_000)), ..outgoing(&device, 1) };
    for message in [&later, &outgoing(&device, 2)] {
        world.messages.accept(message, None).await.unwrap();
    }
    assert_eq!(world.messages.pending(at(1_000), 10).await.unwrap(), [outgoing(&device, 2)]);
    assert_eq!(world.messages.pending(at(1_001), 10).await.unwrap(), [outgoing(&device, 2), later]);
}

pub async fn messages_awaiting_their_file_are_found_oldest_first(world: World) {
    let (a, b) = (with_device(&world, "a").await, with_device(&world, "b").await);
    let awaited = |device: &Device, n| picture(device, n, MediaPlace::Awaiting { reference: "cmVm".into() });
    let left = picture(&a, 9, MediaPlace::Remote { reference: "cmVm".into() });
    for message in [awaited(&a, 3), awaited(&a, 1), awaited(&a, 2), awaited(&b, 4), incoming(&a, 5), left] {
        world.journal.commit(&message.device_id, world.epoch, vec![silent(&message)]).await.unwrap();
    }
    let file = picture(&a, 1, MediaPlace::Stored { id: MediaId::parse("med_1").unwrap() }).media().unwrap().clone();
    world.journal.commit(&a.id, world.epoch, vec![media_step(1, &awaited(&a, 1), &file)]).await.unwrap();
    assert_eq!(world.messages.awaiting_media(&a.id, 10).await.unwrap(), [awaited(&a, 2), awaited(&a, 3)]);
    assert_eq!(world.messages.awaiting_media(&a.id, 1).await.unwrap(), [awaited(&a, 2)]);
    assert_eq!(world.messages.awaiting_media(&nobody().id, 10).await.unwrap(), []);
}

pub async fn messages_and_idempotency_keys_survive_a_crash(world: World) {
    let device = with_device(&world, "a").await;
    let message = outgoing(&device, 1);
    world.messages.accept(&message, Some("key")).await.unwrap();
    let world = world.crash().await;
    let again = world.messages.accept(&outgoing(&device, 2), Some("key")).await.unwrap();
    assert_eq!(again, Accepted::Repeated(Box::new(message.clone())));
    let page = list(&world, &of(&device), &first_page(10)).await;
    assert_eq!((page.items, page.total), (vec![message], 1));
}

async fn with_device(world: &World, name: &str) -> Device {
    let device = device(name);
    assert!(world.devices.create(&device).await.unwrap());
    device
}

fn nobody() -> Device {
    device("nobody")
}

fn of(device: &Device) -> MessageFilter {
    MessageFilter { device: Some(device.id.clone()), ..MessageFilter::default() }
}

async fn list(world: &World, filter: &MessageFilter, page: &PageRequest) -> Page<Message> {
    world.messages.list(filter, page).await.unwrap()
}
