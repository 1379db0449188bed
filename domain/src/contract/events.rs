//! What [`Events`](crate::ports::Events) promises.

use super::{World, samples::*};
use crate::{
    model::{Device, Event, EventId, UserId},
    ports::EventScope,
};

/// Makes a test of each sentence here, for the world that `$start` starts.
#[macro_export]
macro_rules! events_contract {
    ($start:path) => {
        $crate::contract_tests!(
            events,
            $start,
            [
                an_event_is_found_by_its_id,
                events_come_in_the_order_of_time_after_the_one_seen,
                events_are_those_of_the_scope,
                events_of_one_device_are_in_the_order_of_its_sequence,
                an_event_that_is_not_there_has_a_place_in_time,
                events_go_with_their_device,
                events_survive_a_crash,
            ]
        );
    };
}

pub async fn an_event_is_found_by_its_id(world: World) {
    let device = with_events(&world, device("a"), &[1, 2]).await;
    let event = world.events.get(&event_id(2)).await.unwrap().unwrap();
    assert_eq!((&event.id, event.seq, &event.device_id, event.at), (&event_id(2), 2, &device.id, at(2)));
    assert_eq!(event.body(), after(&world, 1, EventScope::All).await[0].body());
    assert!(world.events.get(&event_id(3)).await.unwrap().is_none());
}

pub async fn events_come_in_the_order_of_time_after_the_one_seen(world: World) {
    with_events(&world, device("a"), &[1, 3, 5]).await;
    with_events(&world, device("b"), &[2, 4]).await;
    assert_eq!(numbers(&after(&world, 0, EventScope::All).await), [1, 2, 3, 4, 5]);
    assert_eq!(numbers(&after(&world, 2, EventScope::All).await), [3, 4, 5]);
    assert_eq!(numbers(&world.events.after(&event_id(1), &EventScope::All, 2).await.unwrap()), [2, 3]);
    assert_eq!(numbers(&after(&world, 5, EventScope::All).await), [0; 0]);
}

pub async fn events_are_those_of_the_scope(world: World) {
    let other = UserId::parse(7).unwrap();
    let a = with_events(&world, device("a"), &[1, 4, 5]).await;
    with_events(&world, device("b"), &[2, 6]).await;
    with_events(&world, Device { user_id: other, ..device("c") }, &[3, 7]).await;
    for (scope, wanted) in [
        (EventScope::All, vec![1, 2, 3, 4, 5, 6, 7]),
        (EventScope::User(user()), vec![1, 2, 4, 5, 6]),
        (EventScope::User(other), vec![3, 7]),
        (EventScope::User(UserId::parse(8).unwrap()), vec![]),
        (EventScope::Device(a.id.clone()), vec![1, 4, 5]),
        (EventScope::Device(device("nobody").id), vec![]),
    ] {
        assert_eq!(numbers(&after(&world, 0, scope.clone()).await), wanted, "{scope:?}");
        let second = numbers(&world.events.after(&event_id(2), &scope, 1).await.unwrap());
        assert_eq!(second, wanted.into_iter().filter(|n| *n > 2).take(1).collect::<Vec<_>>(), "{scope:?}");
    }
}

pub async fn events_of_one_device_are_in_the_order_of_its_sequence(world: World) {
    // Two were named the other way round than they were stored.
    let device = with_events(&world, device("a"), &[1, 3, 2, 4]).await;
    let scope = || EventScope::Device(device.id.clone());
    assert_eq!(numbers(&after(&world, 0, scope()).await), [1, 3, 2, 4]);
    assert_eq!(numbers(&after(&world, 1, scope()).await), [3, 2, 4]);
    assert_eq!(numbers(&after(&world, 3, scope()).await), [2, 4]);
    assert_eq!(numbers(&after(&world, 2, scope()).await), [4]);
}

pub async fn an_event_that_is_not_there_has_a_place_in_time(world: World) {
    let a = with_events(&world, device("a"), &[2, 6]).await;
    with_events(&world, device("b"), &[4]).await;
    for (n, wanted) in [(1, vec![2, 6]), (4, vec![6]), (5, vec![6]), (7, vec![])] {
        assert_eq!(numbers(&after(&world, n, EventScope::Device(a.id.clone())).await), wanted, "{n}");
    }
    let earliest = EventId::parse("0").unwrap();
    assert_eq!(numbers(&world.events.after(&earliest, &EventScope::All, 10).await.unwrap()), [2, 4, 6]);
    assert_eq!(numbers(&world.events.after(&earliest, &EventScope::Device(a.id), 10).await.unwrap()), [2, 6]);
}

pub async fn events_go_with_their_device(world: World) {
    let device = with_events(&world, device("a"), &[1]).await;
    world.devices.delete(&device.id).await.unwrap();
    assert!(world.events.get(&event_id(1)).await.unwrap().is_none());
    assert_eq!(numbers(&after(&world, 0, EventScope::All).await), [0; 0]);
}

pub async fn events_survive_a_crash(world: World) {
    with_events(&world, device("a"), &[1, 2]).await;
    let before = after(&world, 0, EventScope::All).await.iter().map(Event::frame).collect::<Vec<_>>();
    let world = world.crash().await;
    assert_eq!(after(&world, 0, EventScope::All).await.iter().map(Event::frame).collect::<Vec<_>>(), before);
}

/// The device with events of these numbers, which say nothing but themselves.
async fn with_events(world: &World, device: Device, numbers: &[u64]) -> Device {
    assert!(world.devices.create(&device).await.unwrap());
    let steps: Vec<_> = numbers.iter().map(|n| session_step(*n, &connected())).collect();
    assert_eq!(world.journal.commit(&device.id, world.epoch, steps).await.unwrap().len(), numbers.len());
    device
}

async fn after(world: &World, n: u64, scope: EventScope) -> Vec<Event> {
    world.events.after(&event_id(n), &scope, 100).await.unwrap()
}

fn numbers(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| (0..100).find(|n| event_id(*n) == event.id).unwrap()).collect()
}
