//! A host whose devices may be another's by now.

use std::time::{Duration, Instant};

use domain::{
    model::{Jid, MessageStatus, Status},
    pipeline::Draft,
    ports::Messages,
};
use session_host::Tenure;

use super::world::{World, eventually};

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";

#[tokio::test]
async fn a_host_sends_nothing_once_its_tenure_is_over_and_the_next_one_sends_what_is_left_once() {
    let mut world = World::new().await;
    world.phone(ANI).await;
    world.phone(BUDI).await;
    let device = world.linked(ANI).await;
    world.tenure = Tenure::until(Instant::now() + Duration::from_secs(3600));
    world.restart().await;
    world.connected(&device.id).await;
    let text = |text| Draft::text(Jid::parse(BUDI).unwrap(), text);
    let first = world.send(&device, text("Halo")).await;

    world.tenure.end();
    // Its connection is cut, and it comes to no other.
    eventually("it is off line", async || (world.device(&device.id).await.session.status != Status::Connected).then_some(())).await;
    let second = world.accept(&device, text("Lagi")).await;
    world.abandon();
    let left = Messages::get(&world.store, &device.id, &second.id).await.unwrap().unwrap();
    assert_eq!(left.status, MessageStatus::Pending);

    world.tenure = Tenure::unlimited();
    world.restart().await;
    world.record(&device, &second.id, "it is sent", |message| message.status >= MessageStatus::Sent).await;
    let arrived: Vec<String> = world.messages(BUDI).await.iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(arrived, [first.id.to_string(), second.id.to_string()]);
}
