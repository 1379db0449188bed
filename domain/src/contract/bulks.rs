//! What [`Bulks`](crate::ports::Bulks) promises.

use std::time::Duration;

use super::{World, racing, samples::*};
use crate::{
    model::{Bulk, BulkPart, BulkProgress, Cursor, Device, Message, MessageFilter, MessageStatus, PageRequest},
    ports::Accepted,
};

/// Makes a test of each sentence here, for the world that `$start` starts.
#[macro_export]
macro_rules! bulks_contract {
    ($start:path) => {
        $crate::contract_tests!(
            bulks,
            $start,
            [
                an_accepted_bulk_is_found_with_its_messages_in_order,
                its_messages_are_messages_like_any_other,
                a_repeated_idempotency_key_finds_the_first_bulk_as_it_is_now,
                idempotency_keys_of_bulks_are_each_devices_and_not_its_messages,
                of_racing_calls_with_one_idempotency_key_exactly_one_is_new,
                accepting_a_bulk_again_stores_it_once,
                its_progress_counts_each_message_by_its_status,
                its_messages_are_paged_by_number_and_by_cursor,
                a_bulk_is_cancelled_once,
                a_bulk_goes_with_its_device,
                a_bulk_and_its_key_survive_a_crash,
            ]
        );
    };
}

pub async fn an_accepted_bulk_is_found_with_its_messages_in_order(world: World) {
    let device = with_device(&world, "a").await;
    let (first, others) = (bulk(&device, 1, 3), bulk(&device, 2, 2));
    for (bulk, messages) in [&first, &others] {
        assert_eq!(world.bulks.accept(bulk, messages, None).await.unwrap(), Accepted::New);
    }
    for (bulk, messages) in [first, others] {
        let page = world.bulks.messages(&bulk.id, &first_page(10)).await.unwrap();
        assert_eq!((page.total, page.items, page.next), (messages.len() as u64, messages, None));
        assert_eq!(world.bulks.get(&bulk.id).await.unwrap(), Some(bulk));
    }
    let (unknown, _) = bulk(&device, 3, 1);
    assert_eq!(world.bulks.get(&unknown.id).await.unwrap(), None);
    assert_eq!(world.bulks.progress(&unknown.id).await.unwrap(), BulkProgress::default());
    assert_eq!(world.bulks.messages(&unknown.id, &first_page(10)).await.unwrap().total, 0);
    assert_eq!(world.bulks.cancel(&unknown.id, at(1)).await.unwrap(), None);
}

pub async fn its_messages_are_messages_like_any_other(world: World) {
    let device = with_device(&world, "a").await;
    let (bulk, messages) = bulk(&device, 1, 3);
    world.bulks.accept(&bulk, &messages, None).await.unwrap();
    assert_eq!(world.messages.get(&device.id, &messages[1].id).await.unwrap().as_ref(), Some(&messages[1]));
    let of_device = MessageFilter { device: Some(device.id.clone()), ..MessageFilter::default() };
    assert_eq!(world.messages.tally(&of_device).await.unwrap().total, 3);
    // The first is due at 100 ms, each of the others a second after the one before.
    for (before, found) in [(100, 0), (101, 1), (1_101, 2), (9_000, 3)] {
        assert_eq!(world.messages.pending(at(before), 10).await.unwrap(), messages[..found]);
    }
}

pub async fn a_repeated_idempotency_key_finds_the_first_bulk_as_it_is_now(world: World) {
    let device = with_device(&world, "a").await;
    let ((first, messages), (second, others)) = (bulk(&device, 1, 2), bulk(&device, 2, 2));
    assert_eq!(world.bulks.accept(&first, &messages, Some("key")).await.unwrap(), Accepted::New);
    world.bulks.cancel(&first.id, at(7)).await.unwrap();
    let now = Bulk { cancelled_at: Some(at(7)), ..first };
    assert_eq!(world.bulks.accept(&second, &others, Some("key")).await.unwrap(), Accepted::Repeated(Box::new(now.clone())));
    assert_eq!(world.bulks.accepted(&device.id, "key").await.unwrap(), Some(now));
    assert_eq!(world.bulks.accepted(&device.id, "other").await.unwrap(), None);
    assert_eq!(world.bulks.get(&second.id).await.unwrap(), None);
    assert_eq!(world.messages.get(&device.id, &others[0].id).await.unwrap(), None);
}

pub async fn idempotency_keys_of_bulks_are_each_devices_and_not_its_messages(world: World) {
    for device in [with_device(&world, "a").await, with_device(&world, "b").await] {
        assert_eq!(world.messages.accept(&outgoing(&device, 999), Some("key")).await.unwrap(), Accepted::New);
        let (mut bulk, messages) = bulk(&device, 1, 2);
        bulk.id = bulk_id(device.id.as_str().len() as u64 * 10 + u64::from(device.id.as_str().ends_with('a')));
        assert_eq!(world.bulks.accept(&bulk, &messages, Some("key")).await.unwrap(), Accepted::New);
        assert_eq!(world.bulks.accepted(&device.id, "key").await.unwrap(), Some(bulk));
        assert_eq!(world.messages.accepted(&device.id, "key").await.unwrap(), Some(outgoing(&device, 999)));
    }
}

pub async fn of_racing_calls_with_one_idempotency_key_exactly_one_is_new(world: World) {
    let device = with_device(&world, "a").await;
    let answers = racing(12, |n| {
        let (bulks, (bulk, messages)) = (world.bulks.clone(), bulk(&device, n, 3));
        async move { (bulk.id.clone(), bulks.accept(&bulk, &messages, Some("key")).await.unwrap()) }
    });
    let (new, repeated): (Vec<_>, Vec<_>) = answers.await.into_iter().partition(|(_, answer)| *answer == Accepted::New);
    assert_eq!(new.len(), 1);
    for (_, answer) in repeated {
        assert!(matches!(answer, Accepted::Repeated(first) if first.id == new[0].0));
    }
    assert_eq!(world.messages.tally(&MessageFilter::default()).await.unwrap().total, 3);
}

pub async fn accepting_a_bulk_again_stores_it_once(world: World) {
    let device = with_device(&world, "a").await;
    let (bulk, messages) = bulk(&device, 1, 3);
    for _ in 0..2 {
        assert_eq!(world.bulks.accept(&bulk, &messages, None).await.unwrap(), Accepted::New);
    }
    assert_eq!(world.bulks.messages(&bulk.id, &first_page(10)).await.unwrap().total, 3);
    assert_eq!(world.messages.tally(&MessageFilter::default()).await.unwrap().total, 3);
}

pub async fn its_progress_counts_each_message_by_its_status(world: World) {
    let device = with_device(&world, "a").await;
    let (bulk, messages) = bulk(&device, 1, 6);
    world.bulks.accept(&bulk, &messages, None).await.unwrap();
    world.messages.accept(&outgoing(&device, 999), None).await.unwrap();
    assert_eq!(world.bulks.progress(&bulk.id).await.unwrap(), BulkProgress { pending: 6, ..BulkProgress::default() });
    let told = [MessageStatus::Sent, MessageStatus::Delivered, MessageStatus::Read, MessageStatus::Failed, MessageStatus::Failed];
    let steps = (1..).zip(messages.iter().zip(told)).map(|(n, (message, status))| status_step(n, message, status)).collect();
    world.journal.commit(&device.id, world.epoch, steps).await.unwrap();
    let progress = world.bulks.progress(&bulk.id).await.unwrap();
    assert_eq!(progress, BulkProgress { pending: 1, sent: 1, delivered: 1, read: 1, failed: 2 });
    let statuses: Vec<_> =
        world.bulks.messages(&bulk.id, &first_page(10)).await.unwrap().items.into_iter().map(|message| message.status).collect();
    assert_eq!(statuses[..5], told);
}

pub async fn its_messages_are_paged_by_number_and_by_cursor(world: World) {
    let device = with_device(&world, "a").await;
    let (bulk, messages) = bulk(&device, 1, 5);
    world.bulks.accept(&bulk, &messages, None).await.unwrap();
    let mut page = first_page(2);
    for number in 1..=3_u32 {
        let by_number = world.bulks.messages(&bulk.id, &PageRequest { page: number, limit: 2, cursor: None }).await.unwrap();
        let by_cursor = world.bulks.messages(&bulk.id, &page).await.unwrap();
        assert_eq!(by_number.items, messages[number as usize * 2 - 2..(number as usize * 2).min(5)]);
        assert_eq!((&by_number.items, by_number.total, by_number.next.is_some()), (&by_cursor.items, 5, number < 3));
        page.cursor = by_cursor.next.map(|next| Cursor::decode(&next.encode()).unwrap());
    }
    for cursor in [vec![], vec![255; 8], vec![7; 1000]] {
        let page = PageRequest { cursor: Some(Cursor(cursor)), ..first_page(10) };
        assert!(world.bulks.messages(&bulk.id, &page).await.unwrap().items.len() <= 5);
    }
}

pub async fn a_bulk_is_cancelled_once(world: World) {
    let device = with_device(&world, "a").await;
    let (bulk, messages) = bulk(&device, 1, 2);
    world.bulks.accept(&bulk, &messages, None).await.unwrap();
    let cancelled = Bulk { cancelled_at: Some(at(5)), ..bulk };
    for n in [5, 6] {
        assert_eq!(world.bulks.cancel(&cancelled.id, at(n)).await.unwrap(), Some(cancelled.clone()));
    }
    assert_eq!(world.bulks.get(&cancelled.id).await.unwrap(), Some(cancelled.clone()));
    assert_eq!(world.bulks.progress(&cancelled.id).await.unwrap().pending, 2);
}

pub async fn a_bulk_goes_with_its_device(world: World) {
    let device = with_device(&world, "a").await;
    let (bulk, messages) = bulk(&device, 1, 2);
    world.bulks.accept(&bulk, &messages, Some("key")).await.unwrap();
    assert_eq!(world.devices.delete(&device.id).await.unwrap().map(|removed| removed.messages), Some(2));
    assert_eq!(world.bulks.get(&bulk.id).await.unwrap(), None);
    assert_eq!(world.bulks.progress(&bulk.id).await.unwrap(), BulkProgress::default());
    with_device(&world, "a").await;
    assert_eq!(world.bulks.accepted(&device.id, "key").await.unwrap(), None);
    assert_eq!(world.bulks.accept(&bulk, &messages, Some("key")).await.unwrap(), Accepted::New);
}

pub async fn a_bulk_and_its_key_survive_a_crash(world: World) {
    let device = with_device(&world, "a").await;
    let ((first, messages), (second, others)) = (bulk(&device, 1, 2), bulk(&device, 2, 2));
    world.bulks.accept(&first, &messages, Some("key")).await.unwrap();
    let world = world.crash().await;
    assert_eq!(world.bulks.accept(&second, &others, Some("key")).await.unwrap(), Accepted::Repeated(Box::new(first.clone())));
    assert_eq!(world.bulks.messages(&first.id, &first_page(10)).await.unwrap().items, messages);
}

async fn with_device(world: &World, name: &str) -> Device {
    let device = device(name);
    assert!(world.devices.create(&device).await.unwrap());
    device
}

/// The `n`th bulk of a device, a second apart.
fn bulk(device: &Device, n: u64, size: u32) -> (Bulk, Vec<Message>) {
    let bulk = Bulk {
        id: bulk_id(n),
        device_id: device.id.clone(),
        session_id: device.session_id.clone(),
        size,
        delay: Duration::from_secs(1),
        created_at: at(0),
        cancelled_at: None,
    };
    let messages = (0..size).map(|index| Message {
        id: message_id(n * 100 + u64::from(index)),
        chat: phone(10 + u64::from(index)),
        to: Some(phone(10 + u64::from(index))),
        due_at: Some(at(100 + u64::from(index) * 1_000)),
        bulk: Some(BulkPart { id: bulk.id.clone(), index, delay_ms: 1_000 }),
        ..outgoing(device, 0)
    });
    let messages = messages.collect();
    (bulk, messages)
}
