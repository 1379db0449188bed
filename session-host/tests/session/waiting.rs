//! WhatsApp is asked while it is slow, or not there at all.

use domain::{
    model::{Command, Jid, Outcome, Refresh},
    pipeline::Draft,
};
use serde_json::json;

use super::world::World;

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";

fn failed(error: &str) -> Outcome {
    Outcome::Failed { error: error.to_owned() }
}

async fn world() -> World {
    let world = World::new().await;
    world.phone(ANI).await;
    world.phone(BUDI).await;
    world
}

#[tokio::test]
async fn a_slow_answer_is_given_up_and_holds_up_nothing_else() {
    let world = world().await;
    let device = world.linked(ANI).await;
    let budi = Jid::parse(BUDI).unwrap();
    world.send(&device, Draft::text(budi.clone(), "Halo")).await;
    world.post("/faults", json!({"queryDelayMs": 60_000})).await;
    let asked = world.hand_in(&device.id, Command::Refresh(Refresh::Groups)).await;
    let checked = world.hand_in(&device.id, Command::CheckNumbers { numbers: vec![budi.clone()] }).await;
    world.send(&device, Draft::text(budi, "Lagi")).await;
    assert_eq!(world.outcome_by_now(&asked).await, None);
    assert_eq!(world.outcome(&asked).await, failed("timeout"));
    assert_eq!(world.outcome(&checked).await, failed("timeout"));
    let asked = world.hand_in(&device.id, Command::Refresh(Refresh::Groups)).await;
    assert_eq!(world.ask(&device.id, Command::Disconnect).await, Outcome::Done);
    assert_eq!(world.outcome(&asked).await, failed("not_connected"));
    assert_eq!(world.ask(&device.id, Command::Refresh(Refresh::Groups)).await, failed("not_connected"));
}

#[tokio::test]
async fn what_fails_is_told_and_a_connection_that_is_gone_too() {
    let world = world().await;
    let device = world.linked(ANI).await;
    let contact = Jid::parse(BUDI).unwrap();
    world.post("/faults", json!({"failQueries": 3})).await;
    let asked = Command::Refresh(Refresh::Contact { contact: contact.clone() });
    assert_eq!(world.ask(&device.id, asked.clone()).await, failed("refused_503"));
    world.post("/faults", json!({"failQueries": 0})).await;
    assert_eq!(world.ask(&device.id, asked.clone()).await, Outcome::Done);
    world.post("/faults", json!({"refuseConnections": true, "dropConnections": true})).await;
    assert_eq!(world.ask(&device.id, asked.clone()).await, failed("not_connected"));
    let unlinked = world.unlinked(BUDI).await;
    assert_eq!(world.ask(&unlinked.id, asked).await, failed("not_connected"));
}

#[tokio::test]
async fn a_question_waits_for_a_connection_that_comes_back() {
    let world = world().await;
    let device = world.linked(ANI).await;
    world.post("/faults", json!({"dropConnections": true})).await;
    let contact = Jid::parse(BUDI).unwrap();
    assert_eq!(world.ask(&device.id, Command::Refresh(Refresh::Contact { contact })).await, Outcome::Done);
}
