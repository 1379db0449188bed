//! What [`Deliveries`](crate::ports::Deliveries) promises.

mod pauses;
mod replays;

pub use self::{pauses::*, replays::*};
use super::{World, paged, racing, samples::*};
use crate::model::{
    DeliveryRecord, DeliveryStats, DeliveryStatus, Device, DeviceUpdate, EventKind, Message, Replay, WebhookSettings, WebhookUrl,
};

/// Makes a test of each sentence here, for the world that `$start` starts.
#[macro_export]
macro_rules! deliveries_contract {
    ($start:path) => {
        $crate::contract_tests!(
            deliveries,
            $start,
            [
                deliveries_come_in_the_order_of_their_events,
                a_delivery_goes_to_the_webhook_as_it_is_set_now,
                a_delivery_that_succeeded_is_done_and_counted_once,
                a_delivery_that_failed_stays_in_its_place_and_waits,
                a_delivery_that_was_given_up_is_out_of_the_way_and_counted_once,
                deliveries_of_held_chats_are_left_out,
                a_webhook_fails_from_its_first_failure_until_it_takes_something,
                failures_far_apart_are_not_one_that_went_on,
                nothing_is_tried_while_a_webhook_is_paused,
                a_webhook_that_fails_no_more_is_not_paused,
                a_webhook_that_is_resumed_gets_all_that_waits_at_once,
                deliveries_are_listed_newest_first,
                events_are_delivered_once_more_by_their_ids,
                what_was_given_up_is_delivered_once_more_by_its_time,
                deliveries_of_a_device_without_a_webhook_are_dropped,
                the_devices_with_deliveries_are_known,
                what_is_not_there_is_no_failure,
                deliveries_survive_a_crash,
            ]
        );
    };
}

pub async fn deliveries_come_in_the_order_of_their_events(world: World) {
    let device = with_events(&world, "a", 12).await;
    assert_eq!(next(&world, &device, 100).await, (1..=12).collect::<Vec<_>>());
    assert_eq!(next(&world, &device, 3).await, [1, 2, 3]);
    let first = world.deliveries.next(&device.id, &[], 1).await.unwrap().remove(0);
    assert_eq!((first.event.id, first.attempts, first.event.device_id), (event_id(1), 0, device.id));
}

pub async fn a_delivery_goes_to_the_webhook_as_it_is_set_now(world: World) {
    let device = with_events(&world, "a", 1).await;
    let moved = WebhookSettings { secret: Some("s".into()), ..WebhookSettings::new(WebhookUrl::parse("http://example.org").unwrap()) };
    let update = DeviceUpdate { webhook: Some(Some(moved.clone())), ..DeviceUpdate::default() };
    world.devices.update(&device.id, update, at(9)).await.unwrap();
    assert_eq!(world.deliveries.next(&device.id, &[], 1).await.unwrap()[0].webhook, moved);
}

pub async fn a_delivery_that_succeeded_is_done_and_counted_once(world: World) {
    let device = with_events(&world, "a", 3).await;
    for n in [2, 2, 1] {
        world.deliveries.succeeded(&device.id, &event_id(n), at(10 + n)).await.unwrap();
    }
    assert_eq!(next(&world, &device, 10).await, [3]);
    let wanted = DeliveryStats { successful: 2, last_delivery: Some(at(11)), ..DeliveryStats::default() };
    assert_eq!(stats(&world, &device).await, wanted);
}

pub async fn a_delivery_that_failed_stays_in_its_place_and_waits(world: World) {
    let device = with_events(&world, "a", 2).await;
    for n in 1..=2 {
        world.deliveries.failed(&device.id, &event_id(1), at(10 * n), at(100 * n), "timeout").await.unwrap();
    }
    let deliveries = world.deliveries.next(&device.id, &[], 10).await.unwrap();
    assert_eq!(deliveries.iter().map(|delivery| (delivery.event.seq, delivery.attempts)).collect::<Vec<_>>(), [(1, 2), (2, 0)]);
    assert_eq!(deliveries[0].due_at, at(200));
    let wanted = DeliveryStats { last_failure: Some(at(20)), failing_since: Some(at(10)), ..DeliveryStats::default() };
    assert_eq!(stats(&world, &device).await, wanted);
}

pub async fn failures_far_apart_are_not_one_that_went_on(world: World) {
    let device = with_events(&world, "a", 1).await;
    let hour = 60 * 60 * 1000;
    let mut since = Vec::new();
    for moment in [10, 10 + hour / 2, 10 + hour, 10 + 3 * hour] {
        since.push(world.deliveries.failed(&device.id, &event_id(1), at(moment), at(moment + 1), "timeout").await.unwrap());
    }
    assert_eq!(since, [at(10), at(10), at(10), at(10 + 3 * hour)]);
}

pub async fn a_delivery_that_was_given_up_is_out_of_the_way_and_counted_once(world: World) {
    let device = with_events(&world, "a", 2).await;
    for _ in 0..2 {
        world.deliveries.give_up(&device.id, &event_id(1), at(10), "gone").await.unwrap();
    }
    world.deliveries.succeeded(&device.id, &event_id(1), at(11)).await.unwrap();
    assert_eq!(next(&world, &device, 10).await, [2]);
    let wanted = DeliveryStats { failed: 1, last_failure: Some(at(10)), failing_since: Some(at(10)), ..DeliveryStats::default() };
    assert_eq!(stats(&world, &device).await, wanted);
}

pub async fn deliveries_of_held_chats_are_left_out(world: World) {
    let device = with_events(&world, "a", 1).await;
    let of = |n, chat| message_step(n, &Message { chat, ..incoming(&device, n) });
    let steps = vec![session_step(2, &connected()), of(3, phone(3)), of(4, phone(2)), of(5, group_jid(1)), session_step(6, &connected())];
    world.journal.commit(&device.id, world.epoch, steps).await.unwrap();
    for (held, limit, wanted) in [
        (vec![], 10, vec![1, 2, 3, 4, 5, 6]),
        (vec![Some(phone(2))], 10, vec![2, 3, 5, 6]),
        (vec![Some(phone(2))], 2, vec![2, 3]),
        (vec![None], 10, vec![1, 3, 4, 5]),
        (vec![Some(phone(2)), None, Some(phone(9)), Some(group_jid(1))], 10, vec![3]),
        (vec![Some(phone(2)), None, Some(phone(3)), Some(group_jid(1))], 10, vec![]),
    ] {
        let found = world.deliveries.next(&device.id, &held, limit).await.unwrap();
        assert_eq!(found.iter().map(|delivery| delivery.event.seq).collect::<Vec<_>>(), wanted, "{held:?}");
        assert!(found.iter().all(|delivery| !held.contains(&delivery.chat)));
    }
    let chats: Vec<_> = world.deliveries.next(&device.id, &[], 3).await.unwrap().into_iter().map(|delivery| delivery.chat).collect();
    assert_eq!(chats, [Some(phone(2)), None, Some(phone(3))]);
}

pub async fn deliveries_of_a_device_without_a_webhook_are_dropped(world: World) {
    let device = with_events(&world, "a", 3).await;
    let set = async |webhook| {
        let update = DeviceUpdate { webhook: Some(webhook), ..DeviceUpdate::default() };
        world.devices.update(&device.id, update, at(9)).await.unwrap();
    };
    set(None).await;
    assert_eq!(next(&world, &device, 10).await, [0; 0]);
    assert_eq!(world.deliveries.waiting().await.unwrap(), []);
    set(Some(webhook())).await;
    assert_eq!(next(&world, &device, 10).await, [0; 0]);
}

pub async fn the_devices_with_deliveries_are_known(world: World) {
    let (a, b) = (with_events(&world, "a", 3).await, with_events(&world, "b", 1).await);
    with_events(&world, "c", 0).await;
    let mut waiting = world.deliveries.waiting().await.unwrap();
    waiting.sort();
    assert_eq!(waiting, [a.id, b.id.clone()]);
    world.deliveries.failed(&b.id, &event_id(1), at(1), at(9), "timeout").await.unwrap();
    assert_eq!(world.deliveries.waiting().await.unwrap().len(), 2);
    world.deliveries.give_up(&b.id, &event_id(1), at(1), "gone").await.unwrap();
    assert_eq!(world.deliveries.waiting().await.unwrap(), [device("a").id]);
}

pub async fn what_is_not_there_is_no_failure(world: World) {
    let device = with_events(&world, "a", 0).await;
    for id in [&device.id, &self::device("nobody").id] {
        assert_eq!(world.deliveries.next(id, &[], 10).await.unwrap().len(), 0);
        world.deliveries.succeeded(id, &event_id(1), at(1)).await.unwrap();
        world.deliveries.failed(id, &event_id(1), at(1), at(2), "timeout").await.unwrap();
        world.deliveries.give_up(id, &event_id(1), at(1), "gone").await.unwrap();
    }
    assert_eq!(stats(&world, &device).await, DeliveryStats::default());
}

pub async fn deliveries_survive_a_crash(world: World) {
    let device = with_events(&world, "a", 3).await;
    world.deliveries.succeeded(&device.id, &event_id(1), at(10)).await.unwrap();
    world.deliveries.failed(&device.id, &event_id(2), at(11), at(12), "timeout").await.unwrap();
    let before = stats(&world, &device).await;
    let world = world.crash().await;
    assert_eq!(world.deliveries.waiting().await.unwrap(), std::slice::from_ref(&device.id));
    let deliveries = world.deliveries.next(&device.id, &[], 10).await.unwrap();
    assert_eq!(deliveries.iter().map(|delivery| (delivery.event.seq, delivery.attempts)).collect::<Vec<_>>(), [(2, 1), (3, 0)]);
    assert_eq!(stats(&world, &device).await, before);
}

/// A device with a webhook and that many events.
async fn with_events(world: &World, name: &str, count: u64) -> Device {
    let device = device_with_webhook(name);
    assert!(world.devices.create(&device).await.unwrap());
    let steps = (1..=count).map(|n| message_step(n, &incoming(&device, n))).collect();
    assert_eq!(world.journal.commit(&device.id, world.epoch, steps).await.unwrap().len() as u64, count);
    device
}

async fn next(world: &World, device: &Device, limit: u32) -> Vec<u64> {
    let deliveries = world.deliveries.next(&device.id, &[], limit).await.unwrap();
    deliveries.into_iter().map(|delivery| delivery.event.seq).collect()
}

async fn listed(world: &World, device: &Device, status: Option<DeliveryStatus>) -> Vec<DeliveryRecord> {
    paged(async |page| world.deliveries.list(&device.id, status, &page).await.unwrap()).await
}

async fn stats(world: &World, device: &Device) -> DeliveryStats {
    world.devices.get(&device.id).await.unwrap().unwrap().deliveries
}
