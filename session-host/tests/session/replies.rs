//! Answers of a device's own, where time matters.

use std::time::{Duration, Instant};

use domain::{
    model::{AiSettings, AutoResponse, Device, DeviceUpdate, Direction, Jid, Message, MessageFilter, PageRequest},
    ports::{Change, Devices, Journal, Messages, Step},
};
use serde_json::json;

use super::world::{World, eventually};

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";
const CICI: &str = "6281100000003";

/// Has the device answer by these rules.
async fn answers(world: &World, device: &Device, rules: &[(&str, &str)]) {
    let rule = |(trigger, response): &(&str, &str)| AutoResponse { trigger: (*trigger).into(), response: (*response).into() };
    let auto_responses = rules.iter().map(rule).collect();
    let ai = AiSettings { enabled: true, auto_reply: true, auto_responses, ..AiSettings::default() };
    let update = DeviceUpdate { ai: Some(ai), ..DeviceUpdate::default() };
    Devices::update(&world.store, &device.id, update, world.intake.clock.now()).await.unwrap();
}

/// Writes to the device and waits for its answer.
async fn write_and_hear(world: &World, number: &str, text: &str, answer: &str) {
    world.post(&format!("/phones/{number}/messages"), json!({"to": ANI, "text": text})).await;
    eventually(answer, async || world.messages(number).await.iter().any(|message| message["text"] == answer).then_some(())).await;
}

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
    answers(&world, &device, &[("hello", "Hello!")]).await;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_under_a_hidden_id_is_not_answered_again_under_the_number() {
    let mut world = World::new().await;
    for number in [ANI, BUDI] {
        world.phone(number).await;
    }
    let cici = world.post("/phones", json!({"number": CICI, "name": "Cici"})).await;
    let hidden = Jid::parse(cici["lid"].as_str().unwrap()).unwrap();
    let device = world.linked(ANI).await;
    answers(&world, &device, &[("hello", "Hello!"), ("ping", "Pong!")]).await;
    write_and_hear(&world, BUDI, "ping", "Pong!").await;

    // As if Cici had written from nowhere but her hidden id.
    let of_device = MessageFilter { device: Some(device.id.clone()), direction: Some(Direction::Incoming), ..MessageFilter::default() };
    let page = PageRequest { page: 1, limit: 1, cursor: None };
    let received = Messages::list(&world.store, &of_device, &page).await.unwrap().items.remove(0);
    let hello = Message {
        id: world.intake.ids.message(),
        chat: hidden.clone(),
        from: Some(hidden.clone()),
        lid: Some(hidden),
        content: "hello".into(),
        timestamp: world.intake.clock.now(),
        ..received
    };
    let step = Step { change: Change::Message(Box::new(hello)), event: None };
    world.store.commit(&device.id, world.store.epoch(), vec![step]).await.unwrap();
    world.restart().await;
    eventually("Cici is answered", async || world.messages(CICI).await.iter().any(|message| message["text"] == "Hello!").then_some(()))
        .await;

    write_and_hear(&world, CICI, "ping", "Pong!").await;
    let heard = world.messages(CICI).await.iter().filter(|message| message["text"] == "Hello!").count();
    assert_eq!(heard, 1);
}
