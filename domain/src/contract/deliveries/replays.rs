//! Deliveries as users see them, and once more.

use super::*;

pub async fn deliveries_are_listed_newest_first(world: World) {
    let device = with_events(&world, "a", 5).await;
    with_events(&world, "b", 1).await;
    world.journal.commit(&device.id, world.epoch, vec![session_step(6, &connected())]).await.unwrap();
    world.deliveries.succeeded(&device.id, &event_id(2), at(10)).await.unwrap();
    world.deliveries.failed(&device.id, &event_id(1), at(11), at(90), "timeout").await.unwrap();
    world.deliveries.failed(&device.id, &event_id(4), at(11), at(90), "timeout").await.unwrap();
    world.deliveries.give_up(&device.id, &event_id(4), at(12), "gone").await.unwrap();
    world.deliveries.give_up(&device.id, &event_id(5), at(13), "http_500").await.unwrap();
    let record = |n, status, attempts, next_or_failed_at, reason: Option<&str>| DeliveryRecord {
        event: event_id(n),
        kind: EventKind::MessageReceived,
        seq: n,
        chat: Some(phone(2)),
        at: at(n),
        status,
        attempts,
        next_or_failed_at,
        reason: reason.map(str::to_owned),
    };
    let (pending, failed) = (DeliveryStatus::Pending, DeliveryStatus::Failed);
    let all = [
        DeliveryRecord { kind: EventKind::ConnectionUpdate, chat: None, ..record(6, pending, 0, at(6), None) },
        record(5, failed, 1, at(13), Some("http_500")),
        record(4, failed, 2, at(12), Some("gone")),
        record(3, pending, 0, at(3), None),
        record(1, pending, 1, at(90), Some("timeout")),
    ];
    assert_eq!(listed(&world, &device, None).await, all);
    for status in [pending, failed] {
        let wanted: Vec<_> = all.iter().filter(|record| record.status == status).cloned().collect();
        assert_eq!(listed(&world, &device, Some(status)).await, wanted);
    }
    assert_eq!(listed(&world, &self::device("nobody"), None).await, []);
}

pub async fn events_are_delivered_once_more_by_their_ids(world: World) {
    let device = with_events(&world, "a", 5).await;
    let other = Device { webhook: Some(webhook()), ..self::device("b") };
    world.devices.create(&other).await.unwrap();
    world.journal.commit(&other.id, world.epoch, vec![session_step(9, &connected())]).await.unwrap();
    world.deliveries.succeeded(&device.id, &event_id(1), at(10)).await.unwrap();
    world.deliveries.give_up(&device.id, &event_id(2), at(11), "gone").await.unwrap();
    world.deliveries.failed(&device.id, &event_id(3), at(12), at(90), "timeout").await.unwrap();
    world.deliveries.succeeded(&device.id, &event_id(4), at(13)).await.unwrap();
    // That of another device is not there, and nothing is counted twice for being named twice.
    let which = Replay::Events(vec![event_id(3), event_id(2), event_id(1), event_id(9), event_id(77), event_id(2)]);
    for _ in 0..2 {
        assert_eq!(world.deliveries.replay(&device.id, &which, at(20)).await.unwrap(), 3);
    }
    let deliveries = world.deliveries.next(&device.id, &[], 10).await.unwrap();
    let found: Vec<_> = deliveries.iter().map(|delivery| (delivery.event.seq, delivery.attempts, delivery.chat.clone())).collect();
    assert_eq!(found, [1, 2, 3, 5].map(|seq| (seq, 0, Some(phone(2)))));
    assert!(deliveries.iter().all(|delivery| delivery.due_at <= at(20)));
    assert_eq!(listed(&world, &device, Some(DeliveryStatus::Failed)).await, []);
    assert!(listed(&world, &device, None).await.iter().all(|record| record.reason.is_none()));
    world.deliveries.succeeded(&device.id, &event_id(2), at(30)).await.unwrap();
    assert_eq!(next(&world, &device, 10).await, [1, 3, 5]);
    assert_eq!(world.deliveries.replay(&self::device("nobody").id, &which, at(20)).await.unwrap(), 0);
}

pub async fn what_was_given_up_is_delivered_once_more_by_its_time(world: World) {
    // More than any adapter puts back in one go.
    let device = with_events(&world, "a", 1_300).await;
    let given_up = racing(1_300, |n| {
        let (deliveries, device) = (world.deliveries.clone(), device.id.clone());
        async move { deliveries.give_up(&device, &event_id(n + 1), at(5_000), "gone").await.unwrap() }
    });
    given_up.await;
    let between = |since, until| Replay::Failed { since: at(since), until: at(until) };
    assert_eq!(world.deliveries.replay(&device.id, &between(1_301, 9_999), at(6_000)).await.unwrap(), 0);
    assert_eq!(world.deliveries.replay(&device.id, &between(20, 1_290), at(6_000)).await.unwrap(), 1_270);
    assert_eq!(world.deliveries.replay(&device.id, &between(20, 1_290), at(6_000)).await.unwrap(), 0);
    assert_eq!(next(&world, &device, 3).await, [20, 21, 22]);
    let failed = world.deliveries.list(&device.id, Some(DeliveryStatus::Failed), &first_page(200)).await.unwrap();
    let wanted: Vec<_> = (1..20).chain(1_290..=1_300).rev().collect();
    assert_eq!(failed.items.iter().map(|record| record.seq).collect::<Vec<_>>(), wanted);
    assert_eq!(stats(&world, &device).await.failed, 1_300);
}
