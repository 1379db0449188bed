//! Answers of a device's own, where time matters.

use std::time::{Duration, Instant};

use domain::{
    model::{AiSettings, AutoResponse, DeviceUpdate},
    ports::Devices,
};
use serde_json::json;

use super::world::{World, eventually};

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_is_left_to_a_person_for_a_while_and_no_longer() {
    let silence = Duration::from_secs(3);
    let mut world = World::new().await;
    world.stop().await;
    world.silence = silence;
    world.start().await;
    for number in [ANI, BUDI] {
        world.phone(number).await;
    }
    let device = world.linked(ANI).await;
    let hello = AutoResponse { trigger: "hello".into(), response: "Hello!".into() };
    let ai = AiSettings { enabled: true, auto_reply: true, auto_responses: vec![hello], ..AiSettings::default() };
    let update = DeviceUpdate { ai: Some(ai), ..DeviceUpdate::default() };
    Devices::update(&world.store, &device.id, update, world.intake.clock.now()).await.unwrap();

    let began = Instant::now();
    world.post(&format!("/phones/{ANI}/messages"), json!({"to": BUDI, "text": "It is me"})).await;
    eventually("Budi has it", async || {
        let messages = world.messages(BUDI).await;
        messages.iter().any(|message| message["text"] == "It is me").then_some(())
    })
    .await;
    eventually("Budi is answered again", async || {
        world.post(&format!("/phones/{BUDI}/messages"), json!({"to": ANI, "text": "hello"})).await;
        let messages = world.messages(BUDI).await;
        messages.iter().any(|message| message["text"] == "Hello!").then_some(())
    })
    .await;
    assert!(began.elapsed() >= silence, "after {:?}", began.elapsed());
}
