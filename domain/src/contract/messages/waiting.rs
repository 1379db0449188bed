//! What is still to be done about messages.

use super::{filters::silent, nobody, with_device};
use crate::{
    contract::{World, samples::*},
    model::{Device, MediaId, MediaPlace, Message, MessageStatus},
};

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
