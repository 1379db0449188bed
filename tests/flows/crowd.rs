//! Many devices at once: each message reaches exactly the one it is for.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures::future::join_all;
use serde_json::json;

use crate::world::{Device, Phone, Receiver, World, eventually, is_split, within};

/// Fifty; on AWS fewer, since MiniStack answers one at a time.
fn devices() -> usize {
    if is_split() { 12 } else { 50 }
}

const MESSAGES: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_devices_in_a_ring_talk_at_once_and_each_message_reaches_its_recipient_alone() {
    // Two hundred wait at once, which takes a debug build a while: longer than a function may wait.
    let settings: &[_] = if is_split() { &[] } else { &[("SEND_WAIT_MS", "60000")] };
    let patience = Duration::from_secs(if is_split() { 120 } else { 20 });
    let world = World::with(settings).await;
    let receiver = Receiver::start().await;
    let crowd: Vec<(Phone, Device)> = join_all((0..devices()).map(async |number| {
        let phone = world.phone(&format!("62812{number:08}"), &format!("Person {number}")).await;
        let body =
            json!({"userId": number % 5, "alias": format!("Device {number}"), "webhook": {"url": receiver.url, "events": ["message"]}});
        let device = world.device_of(body).await;
        world.link(&device, &phone).await;
        (phone, device)
    }))
    .await;

    // Everybody writes to the next one through their device, and their phone writes to the one before.
    let text = |from: usize, to: usize, number: usize| format!("{from} to {to}, {number}");
    let next = |place: usize| (place + 1) % devices();
    let ids: BTreeMap<String, String> =
        join_all((0..devices()).flat_map(|from| (0..MESSAGES).map(move |number| (from, number))).map(async |(from, number)| {
            let (to, told) = (next(from), text(from, next(from), number));
            let (device, other) = (&crowd[from].1, &crowd[to].0.number);
            let id = if is_split() {
                device.queued(&world.program, other, &told).await
            } else {
                device.sent(&world.program, other, &told).await
            };
            crowd[to].0.write(&crowd[from].0.number, &text(to, from, number)).await;
            (told, id)
        }))
        .await
        .into_iter()
        .collect();
    assert_eq!(ids.values().collect::<BTreeSet<_>>().len(), devices() * MESSAGES);

    // A device keeps what it sent and what its phone wrote, and what both neighbours sent.
    let records = 4 * MESSAGES;
    for (place, (phone, device)) in crowd.iter().enumerate() {
        let before = (place + devices() - 1) % devices();
        let stored = within(patience, async || {
            let stored = world.records(device).await;
            (stored.len() == records).then_some(stored)
        });
        let stored = stored.await.expect("all of its messages");
        let mut contents: Vec<_> = stored.iter().map(|record| record["content"].as_str().unwrap().to_owned()).collect();
        let ways = [(place, next(place)), (next(place), place), (before, place), (place, before)];
        let mut expected: Vec<_> = ways.iter().flat_map(|(from, to)| (0..MESSAGES).map(|number| text(*from, *to, number))).collect();
        contents.sort();
        expected.sort();
        assert_eq!(contents, expected);

        let mut inbox = phone.texts().await;
        inbox.sort();
        let mut expected: Vec<_> =
            [before, next(place)].iter().flat_map(|from| (0..MESSAGES).map(|number| text(*from, place, number))).collect();
        expected.sort();
        assert_eq!(inbox, expected);
        for message in phone.inbox().await {
            if let Some(id) = ids.get(message["text"].as_str().unwrap()) {
                assert_eq!(message["id"], **id);
            }
        }
    }
    eventually("everything is told", async || (receiver.taken().len() >= devices() * records).then_some(())).await;
    for delivered in receiver.taken() {
        let place = crowd.iter().position(|(_, device)| delivered.body["deviceId"] == *device.id).unwrap();
        let said = delivered.body["data"]["message"].as_str().unwrap();
        assert!(said.starts_with(&format!("{place} to ")) || said.contains(&format!(" to {place},")), "{said} was told of {place}");
    }
    assert_eq!(receiver.taken().len(), devices() * records);
}
