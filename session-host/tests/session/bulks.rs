//! What is asked to be sent to many.

use std::time::Duration;

use domain::{
    model::{Command, Device, Jid, MessageStatus, Outcome},
    pipeline::Draft,
    ports::Bulks,
};
use tokio::time::Instant;

use super::world::World;

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";

async fn world() -> (World, Device, Jid) {
    let world = World::new().await;
    world.phone(ANI).await;
    world.phone(BUDI).await;
    let device = world.linked(ANI).await;
    (world, device, Jid::parse(BUDI).unwrap())
}

#[tokio::test]
async fn a_bulk_that_is_overdue_keeps_its_pace_and_others_pass_it() {
    let (mut world, device, budi) = world().await;
    let delay = Duration::from_millis(700);
    world.stop().await;
    let drafts = (0..4).map(|n| Draft::text(budi.clone(), format!("Promo {n}"))).collect();
    let (_, messages) = world.intake.bulk(&device, drafts, Duration::from_millis(1), None).await.unwrap();
    assert_eq!(messages.len(), 4);
    // All are due long since when the host comes back.
    let (_, paced) = {
        let drafts = (0..4).map(|n| Draft::text(budi.clone(), format!("Kabar {n}"))).collect();
        world.intake.bulk(&device, drafts, delay, None).await.unwrap()
    };
    tokio::time::sleep(delay * 4).await;
    world.start().await;
    let mut sent = Vec::new();
    let mut times = Vec::new();
    for message in &paced {
        let record = world.record(&device, &message.id, "it is sent", |message| message.status >= MessageStatus::Sent).await;
        times.push(Instant::now());
        sent.push(record);
    }
    for pair in times.windows(2) {
        assert!(pair[1] - pair[0] >= delay - Duration::from_millis(150), "{times:?}");
    }
    let text = world.send(&device, Draft::text(budi, "Halo")).await;
    assert!(text.status >= MessageStatus::Sent);
}

#[tokio::test]
async fn a_bulk_that_is_cancelled_sends_no_more() {
    let (world, device, budi) = world().await;
    let drafts = (0..300).map(|n| Draft::text(budi.clone(), format!("Promo {n}"))).collect();
    let (bulk, messages) = world.intake.bulk(&device, drafts, Duration::from_secs(600), None).await.unwrap();
    world.record(&device, &messages[0].id, "the first is sent", |message| message.status >= MessageStatus::Sent).await;
    assert_eq!(world.ask(&device.id, Command::CancelBulk { id: bulk.id.clone() }).await, Outcome::Done);
    let progress = world.store.progress(&bulk.id).await.unwrap();
    assert_eq!((progress.pending, progress.failed), (0, 299));
    let last = world.record(&device, &messages[299].id, "it failed", |message| message.status == MessageStatus::Failed).await;
    assert_eq!(last.error.as_deref(), Some("cancelled"));
}
