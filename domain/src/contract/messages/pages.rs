//! In which order messages are listed, page by page.

use std::collections::BTreeSet;

use super::{list, nobody, of, with_device};
use crate::{
    contract::{World, samples::*},
    model::{Cursor, Message, MessageFilter, MessageStatus, PageRequest},
    ports::Change,
};

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
