//! What becomes of a message that a user asks for, once or again.

use super::{list, nobody, of, with_device};
use crate::{
    contract::{World, racing, samples::*},
    model::{Message, MessageFilter, MessageStatus},
    ports::Accepted,
};

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
