//! What was said before a device was linked.

use domain::{
    model::{Device, Direction, EventKind, Jid, MessageFilter, MessageStatus, MessageTally, PageRequest},
    pipeline::Draft,
    ports::Messages,
};
use serde_json::json;

use super::world::{World, eventually};

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";

async fn world(generate: u64) -> World {
    let world = World::new().await;
    world.phone(ANI).await;
    world.phone(BUDI).await;
    let past = json!({
        "generate": generate,
        "messages": [
            {"chat": BUDI, "fromMe": true, "text": "Dahulu", "timestamp": 1_600_000_000},
            {"chat": BUDI, "fromMe": false, "text": "Kala", "timestamp": 1_600_000_060},
        ],
    });
    world.post(&format!("/phones/{ANI}/history"), past).await;
    world
}

fn of(device: &Device) -> MessageFilter {
    MessageFilter { device: Some(device.id.clone()), ..MessageFilter::default() }
}

async fn tally(world: &World, device: &Device) -> MessageTally {
    world.store.tally(&of(device)).await.unwrap()
}

#[tokio::test]
async fn the_past_is_stored_and_not_told() {
    let world = world(1500).await;
    let mut events = world.events();
    let device = world.linked(ANI).await;
    eventually("all is there", async || (tally(&world, &device).await.total == 1502).then_some(())).await;
    let filter = MessageFilter { chat: Some(Jid::parse(BUDI).unwrap()), ..of(&device) };
    let messages = world.store.list(&filter, &PageRequest { page: 1, limit: 10, cursor: None }).await.unwrap().items;
    let said: Vec<_> = messages.iter().map(|message| (message.content.as_str(), message.direction, message.timestamp.seconds())).collect();
    assert_eq!(said, [("Kala", Direction::Incoming, 1_600_000_060), ("Dahulu", Direction::Outgoing, 1_600_000_000)]);
    for status in [MessageStatus::Pending, MessageStatus::Failed] {
        assert_eq!(world.store.tally(&MessageFilter { status: Some(status), ..of(&device) }).await.unwrap().total, 0);
    }
    let counts = world.device(&device.id).await.counts;
    assert_eq!((counts.sent, counts.received), (0, 0));
    while let Ok(event) = events.try_recv() {
        assert!(matches!(event.kind, EventKind::QrCode | EventKind::ConnectionUpdate), "{:?}", event.kind);
    }
}

#[tokio::test]
async fn a_stop_in_between_loses_nothing_of_the_past_and_doubles_none() {
    let mut world = world(30_000).await;
    let device = world.linked(ANI).await;
    world.stop().await;
    assert!(tally(&world, &device).await.total < 30_002, "it stopped in between");
    world.start().await;
    world.connected(&device.id).await;
    eventually("all is there", async || (tally(&world, &device).await.total == 30_002).then_some(())).await;
    let sent = world.send(&device, Draft::text(Jid::parse(BUDI).unwrap(), "Kini")).await;
    world.on_phone(BUDI, &sent.id).await;
    assert_eq!(tally(&world, &device).await.total, 30_003);
}

#[tokio::test]
async fn what_is_sent_does_not_wait_for_the_past() {
    let world = world(15_000).await;
    let device = world.linked(ANI).await;
    let sent = world.send(&device, Draft::text(Jid::parse(BUDI).unwrap(), "Kini")).await;
    assert!(sent.status >= MessageStatus::Sent);
    assert!(tally(&world, &device).await.total < 15_002, "the past is not all there yet");
    eventually("all is there", async || (tally(&world, &device).await.total == 15_003).then_some(())).await;
}
