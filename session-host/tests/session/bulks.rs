//! What is asked to be sent to many.

use std::time::Duration;

use domain::{
    model::{Command, Device, Jid, Message, MessageStatus, Outcome},
    pipeline::Draft,
    ports::Bulks,
};
use tokio::time::Instant;

use super::world::{World, eventually};

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
    let delay = Duration::from_secs(1);
    world.stop().await;
    let drafts = (0..4).map(|n| Draft::text(budi.clone(), format!("Promo {n}"))).collect();
    let (_, messages) = world.intake.bulk(&device, drafts, delay, None).await.unwrap();
    eventually("all are due", async || (Some(world.intake.clock.now()) > messages[3].due_at).then_some(())).await;
    world.start().await;
    let is_sent = |message: &Message| message.status >= MessageStatus::Sent;
    let mut sent_at = Vec::new();
    for (n, message) in messages.iter().enumerate() {
        world.record(&device, &message.id, "it is sent", is_sent).await;
        sent_at.push(Instant::now());
        if n == 1 {
            world.send(&device, Draft::text(budi.clone(), "Halo")).await;
            let last = world.record(&device, &messages[3].id, "it is there", |_| true).await;
            assert_eq!(last.status, MessageStatus::Pending);
        }
    }
    for pair in sent_at.windows(2) {
        assert!(pair[1] - pair[0] > delay / 2, "{sent_at:?}");
    }
}

#[tokio::test]
async fn what_is_put_off_is_put_off_however_long_it_takes_to_give_it_back() {
    let (mut world, device, budi) = world().await;
    let delay = Duration::from_secs(1);
    world.stop().await;
    let drafts = (0..3).map(|n| Draft::text(budi.clone(), format!("Promo {n}"))).collect();
    let (_, messages) = world.intake.bulk(&device, drafts, delay, None).await.unwrap();
    eventually("all are due", async || (Some(world.intake.clock.now()) > messages[2].due_at).then_some(())).await;
    world.slowness = Some(delay * 3 / 2);
    world.start().await;
    for message in &messages {
        world.record(&device, &message.id, "it is sent", |message| message.status >= MessageStatus::Sent).await;
    }
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
