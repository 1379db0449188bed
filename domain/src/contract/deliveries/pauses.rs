//! Webhooks that fail for long.

use super::*;

pub async fn a_webhook_fails_from_its_first_failure_until_it_takes_something(world: World) {
    let device = with_events(&world, "a", 5).await;
    let fail = async |n, moment| world.deliveries.failed(&device.id, &event_id(n), moment, at(90), "timeout").await.unwrap();
    let failing = async || stats(&world, &device).await.failing_since;
    assert_eq!((fail(1, at(10)).await, fail(2, at(20)).await), (at(10), at(10)));
    let give_up = async |n, moment| world.deliveries.give_up(&device.id, &event_id(n), moment, "gone").await.unwrap();
    assert_eq!((give_up(1, at(30)).await, failing().await), (at(10), Some(at(10))));
    world.deliveries.succeeded(&device.id, &event_id(3), at(40)).await.unwrap();
    assert_eq!(failing().await, None);
    // One that was given up at once failed too.
    assert_eq!((give_up(4, at(50)).await, failing().await, fail(5, at(60)).await), (at(50), Some(at(50)), at(50)));
    // A failure of what is not there is none.
    world.deliveries.succeeded(&device.id, &event_id(5), at(70)).await.unwrap();
    assert_eq!((fail(5, at(80)).await, failing().await), (at(80), None));
}

pub async fn nothing_is_tried_while_a_webhook_is_paused(world: World) {
    let device = with_events(&world, "a", 2).await;
    world.deliveries.failed(&device.id, &event_id(1), at(10), at(90), "timeout").await.unwrap();
    for moment in [at(20), at(30)] {
        world.deliveries.pause(&device.id, moment).await.unwrap();
    }
    let paused = stats(&world, &device).await;
    assert_eq!((paused.failing_since, paused.paused_at), (Some(at(10)), Some(at(20))));
    world.journal.commit(&device.id, world.epoch, vec![session_step(3, &connected())]).await.unwrap();
    let world = world.crash().await;
    assert_eq!(stats(&world, &device).await, paused);
    assert_eq!(next(&world, &device, 10).await, [0; 0]);
    assert_eq!(listed(&world, &device, None).await.len(), 3);
    world.deliveries.pause(&self::device("nobody").id, at(1)).await.unwrap();
}

pub async fn a_webhook_that_fails_no_more_is_not_paused(world: World) {
    let device = with_events(&world, "a", 2).await;
    let fail = async |n| world.deliveries.failed(&device.id, &event_id(n), at(10), at(90), "timeout").await.unwrap();
    fail(1).await;
    world.deliveries.resume(&device.id, at(20)).await.unwrap();
    world.deliveries.pause(&device.id, at(21)).await.unwrap();
    assert_eq!(stats(&world, &device).await.paused_at, None);
    fail(1).await;
    world.deliveries.succeeded(&device.id, &event_id(2), at(30)).await.unwrap();
    world.deliveries.pause(&device.id, at(31)).await.unwrap();
    assert_eq!((stats(&world, &device).await.paused_at, next(&world, &device, 10).await), (None, vec![1]));
}

pub async fn a_webhook_that_is_resumed_gets_all_that_waits_at_once(world: World) {
    let device = with_events(&world, "a", 3).await;
    world.deliveries.failed(&device.id, &event_id(1), at(10), at(90), "timeout").await.unwrap();
    world.deliveries.failed(&device.id, &event_id(3), at(11), at(99), "timeout").await.unwrap();
    world.deliveries.pause(&device.id, at(20)).await.unwrap();
    for _ in 0..2 {
        world.deliveries.resume(&device.id, at(30)).await.unwrap();
        let stats = stats(&world, &device).await;
        assert_eq!((stats.failing_since, stats.paused_at, stats.last_failure), (None, None, Some(at(11))));
        let deliveries = world.deliveries.next(&device.id, &[], 10).await.unwrap();
        assert!(deliveries.iter().all(|delivery| delivery.due_at <= at(30)));
        assert_eq!(deliveries.iter().map(|delivery| (delivery.event.seq, delivery.attempts)).collect::<Vec<_>>(), [(1, 1), (2, 0), (3, 1)]);
    }
    world.deliveries.resume(&self::device("nobody").id, at(1)).await.unwrap();
}
