//! What [`CommandSink`](crate::ports::CommandSink) and [`CommandSource`](crate::ports::CommandSource) promise together.

use std::{collections::HashMap, time::Duration};

use super::{World, racing, samples::*, soon};
use crate::{
    model::{Command, Envelope},
    ports::{Clock, Received, SystemClock},
};

/// Makes a test of each sentence here, for the world that `$start` starts.
#[macro_export]
macro_rules! commands_contract {
    ($start:path) => {
        $crate::contract_tests!(
            commands,
            $start,
            [
                a_command_arrives_as_it_was_sent,
                a_receiver_waits_for_the_next_command,
                what_a_device_sends_keeps_the_order_of_the_calls,
                nothing_of_a_group_is_handed_out_while_some_of_it_is_in_hand,
                a_device_that_cannot_send_can_still_be_disconnected,
                no_more_is_handed_out_than_was_asked_for,
                repeating_a_command_that_is_queued_changes_nothing,
                a_returned_command_comes_again_before_its_groups_later_ones,
                a_returned_command_is_not_handed_out_before_its_delay,
                a_buried_command_lets_the_later_ones_pass,
                unknown_and_spent_receipts_are_fine,
                a_command_is_not_handed_out_before_it_is_due,
                every_command_of_many_racing_senders_arrives_once_and_in_order,
                what_was_in_hand_at_a_crash_is_handed_out_again_in_order,
                what_was_acknowledged_before_a_crash_is_gone,
            ]
        );
    };
}

pub async fn a_command_arrives_as_it_was_sent(world: World) {
    let sent = envelope("a", "1");
    world.commands.enqueue(&sent).await.unwrap();
    let received = receive(&world).await;
    assert_eq!(received.iter().map(|received| (&received.envelope, received.attempts)).collect::<Vec<_>>(), [(&sent, 1)]);
}

pub async fn a_receiver_waits_for_the_next_command(world: World) {
    let source = world.source.clone();
    let waiting = tokio::spawn(async move {
        loop {
            let received = source.receive(10).await.unwrap();
            if !received.is_empty() {
                return names(&received);
            }
        }
    });
    tokio::task::yield_now().await;
    send(&world, &["a/1"]).await;
    assert_eq!(soon(waiting).await.unwrap(), ["a/1"]);
}

pub async fn what_a_device_sends_keeps_the_order_of_the_calls(world: World) {
    let sent: Vec<String> = (0..40).map(|n| format!("a/{n}")).collect();
    send(&world, &sent.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(drain(&world, 40).await, sent);
}

pub async fn nothing_of_a_group_is_handed_out_while_some_of_it_is_in_hand(world: World) {
    send(&world, &["a/1"]).await;
    let first = receive(&world).await;
    // The other device's command is there later than the one that must not come.
    send(&world, &["a/2", "b/1"]).await;
    let other = receive(&world).await;
    assert_eq!(names(&other), ["b/1"]);
    acknowledge(&world, &first).await;
    assert_eq!(names(&receive(&world).await), ["a/2"]);
}

pub async fn a_device_that_cannot_send_can_still_be_disconnected(world: World) {
    send(&world, &["a/1", "b/1"]).await;
    let mut in_hand = receive(&world).await;
    while in_hand.len() < 2 {
        in_hand.extend(receive(&world).await);
    }
    let returned = in_hand.iter().find(|received| received.envelope.device_id.as_str() == "dev_b").unwrap();
    world.source.retry(&returned.receipt, Duration::from_secs(600)).await.unwrap();
    for device in ["a", "b"] {
        world.commands.enqueue(&Envelope { command: Command::Disconnect, ..envelope(device, "disconnect") }).await.unwrap();
        assert_eq!(drain(&world, 1).await, [format!("{device}/disconnect")]);
    }
}

pub async fn no_more_is_handed_out_than_was_asked_for(world: World) {
    send(&world, &["a/1", "a/2", "a/3", "b/1", "c/1"]).await;
    let mut left = 5;
    while left > 0 {
        let received = at_most(&world, 2).await;
        assert!(received.len() <= 2);
        left -= received.len();
        acknowledge(&world, &received).await;
    }
}

pub async fn repeating_a_command_that_is_queued_changes_nothing(world: World) {
    let repeated = envelope("a", "1");
    world.commands.enqueue(&repeated).await.unwrap();
    send(&world, &["a/2"]).await;
    world.commands.enqueue(&repeated).await.unwrap();
    let first = receive(&world).await;
    world.commands.enqueue(&repeated).await.unwrap();
    send(&world, &["a/3"]).await;
    acknowledge(&world, &first).await;
    let rest = drain(&world, 3 - first.len()).await;
    assert_eq!([names(&first), rest].concat(), ["a/1", "a/2", "a/3"]);
    send(&world, &["b/1"]).await;
    assert_eq!(names(&receive(&world).await), ["b/1"]);
}

pub async fn a_returned_command_comes_again_before_its_groups_later_ones(world: World) {
    send(&world, &["a/1"]).await;
    let first = receive(&world).await;
    send(&world, &["a/2"]).await;
    world.source.retry(&first[0].receipt, Duration::ZERO).await.unwrap();
    let again = at_most(&world, 1).await;
    assert_eq!((names(&again), again[0].attempts), (vec!["a/1".to_owned()], 2));
    assert_ne!(again[0].receipt, first[0].receipt);
    acknowledge(&world, &again).await;
    assert_eq!(names(&receive(&world).await), ["a/2"]);
}

pub async fn a_returned_command_is_not_handed_out_before_its_delay(world: World) {
    send(&world, &["a/1"]).await;
    let first = receive(&world).await;
    let delay = Duration::from_secs(1);
    let returned_at = SystemClock.now();
    world.source.retry(&first[0].receipt, delay).await.unwrap();
    send(&world, &["a/2", "b/1"]).await;
    let other = receive(&world).await;
    assert_eq!(names(&other), ["b/1"]);
    acknowledge(&world, &other).await;
    let again = at_most(&world, 1).await;
    assert!(SystemClock.now() >= returned_at + delay);
    assert_eq!(names(&again), ["a/1"]);
    acknowledge(&world, &again).await;
    assert_eq!(drain(&world, 1).await, ["a/2"]);
}

pub async fn a_buried_command_lets_the_later_ones_pass(world: World) {
    send(&world, &["a/1"]).await;
    let first = receive(&world).await;
    send(&world, &["a/2"]).await;
    world.source.bury(&first[0].receipt, "it broke three hosts").await.unwrap();
    let next = receive(&world).await;
    assert_eq!(names(&next), ["a/2"]);
    acknowledge(&world, &next).await;
    let world = world.crash().await;
    send(&world, &["a/3"]).await;
    assert_eq!(names(&receive(&world).await), ["a/3"]);
}

pub async fn unknown_and_spent_receipts_are_fine(world: World) {
    send(&world, &["a/1"]).await;
    let spent = receive(&world).await[0].receipt.clone();
    for receipt in [spent.clone(), spent.clone(), "".into(), "1-2-3".into(), "no receipt".into()] {
        world.source.acknowledge(&[receipt]).await.unwrap();
    }
    world.source.acknowledge(&[]).await.unwrap();
    send(&world, &["a/2"]).await;
    let second = receive(&world).await;
    world.source.retry(&spent, Duration::ZERO).await.unwrap();
    world.source.bury(&spent, "late").await.unwrap();
    world.source.acknowledge(&[spent]).await.unwrap();
    send(&world, &["a/3", "b/1"]).await;
    // The receipt of the first did nothing to the second.
    let other = receive(&world).await;
    assert_eq!(names(&other), ["b/1"]);
    acknowledge(&world, &second).await;
    assert_eq!(names(&receive(&world).await), ["a/3"]);
}

pub async fn a_command_is_not_handed_out_before_it_is_due(world: World) {
    let due_at = SystemClock.now() + Duration::from_secs(1);
    world.commands.enqueue(&Envelope { due_at, ..envelope("a", "later") }).await.unwrap();
    send(&world, &["b/1"]).await;
    assert_eq!(drain(&world, 1).await, ["b/1"]);
    assert_eq!(drain(&world, 1).await, ["a/later"]);
    assert!(SystemClock.now() >= due_at);
}

pub async fn every_command_of_many_racing_senders_arrives_once_and_in_order(world: World) {
    let senders = racing(20, |sender| {
        let commands = world.commands.clone();
        async move {
            for n in 0..10 {
                commands.enqueue(&envelope(&format!("d{}", sender % 5), &format!("{sender}/{n}"))).await.unwrap();
            }
        }
    });
    let (_, arrived) = tokio::join!(senders, drain(&world, 200));
    let mut last: HashMap<String, u32> = HashMap::new();
    for name in arrived {
        let (sender, n) = name.rsplit_once('/').unwrap();
        let n: u32 = n.parse().unwrap();
        assert_eq!(last.insert(sender.into(), n).map_or(0, |last| last + 1), n, "{name}");
    }
    assert_eq!(last.len(), 20);
}

pub async fn what_was_in_hand_at_a_crash_is_handed_out_again_in_order(world: World) {
    send(&world, &["a/1", "a/2"]).await;
    let lost = receive(&world).await;
    send(&world, &["a/3"]).await;
    let world = world.crash().await;
    // Whoever held it before has no say in it any more.
    acknowledge(&world, &lost).await;
    assert_eq!(drain(&world, 3).await, ["a/1", "a/2", "a/3"]);
}

pub async fn what_was_acknowledged_before_a_crash_is_gone(world: World) {
    send(&world, &["a/1", "a/2"]).await;
    assert_eq!(drain(&world, 2).await, ["a/1", "a/2"]);
    let world = world.crash().await;
    send(&world, &["a/3"]).await;
    assert_eq!(names(&receive(&world).await), ["a/3"]);
}

/// Sends commands that are named `device/name`.
async fn send(world: &World, names: &[&str]) {
    for name in names {
        let (device, name) = name.split_once('/').unwrap();
        world.commands.enqueue(&envelope(device, name)).await.unwrap();
    }
}

/// The next commands that are handed out.
async fn receive(world: &World) -> Vec<Received> {
    at_most(world, 10).await
}

async fn at_most(world: &World, max: usize) -> Vec<Received> {
    loop {
        let received = soon(world.source.receive(max)).await.unwrap();
        if !received.is_empty() {
            return received;
        }
    }
}

/// Receives and acknowledges that many commands.
async fn drain(world: &World, count: usize) -> Vec<String> {
    let mut arrived = Vec::new();
    while arrived.len() < count {
        let received = receive(world).await;
        acknowledge(world, &received).await;
        arrived.extend(names(&received));
    }
    arrived
}

async fn acknowledge(world: &World, received: &[Received]) {
    let receipts: Vec<String> = received.iter().map(|received| received.receipt.clone()).collect();
    world.source.acknowledge(&receipts).await.unwrap();
}

fn names(received: &[Received]) -> Vec<String> {
    received.iter().map(|received| received.envelope.id.to_string()).collect()
}
