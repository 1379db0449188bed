//! What the serverless split does when AWS does not do what it is asked.

use std::{collections::HashSet, time::Duration};

use serde_json::{Value, json};

use crate::{
    split_only,
    world::{Device, Fault, Phone, Socket, TOKEN, World, eventually, png, within},
};

async fn talk() -> (World, Device, Phone, Phone) {
    let world = World::watched(&[]).await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let device = world.linked("Toko", &ani).await;
    (world, device, ani, budi)
}

/// Texts in both directions; fails unless each arrives once and in order, and is on record.
async fn both_ways(world: &World, device: &Device, ani: &Phone, budi: &Phone, many: usize) {
    let mut ids = Vec::new();
    for n in 0..many {
        ids.push(device.queued(&world.program, &budi.number, &format!("Ke Budi {n}")).await);
        budi.write(&ani.number, &format!("Ke toko {n}")).await;
    }
    for id in &ids {
        world.wait_for_message(id, "delivered").await;
    }
    let texts: Vec<String> = budi.texts().await;
    let arrived: Vec<&String> = texts.iter().filter(|text| text.starts_with("Ke Budi")).collect();
    assert_eq!(arrived, (0..many).map(|n| format!("Ke Budi {n}")).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    let records = eventually("all is on record", async || {
        let records = world.records(device).await;
        (records.len() >= 2 * many).then_some(records)
    })
    .await;
    let ids: HashSet<&str> = records.iter().map(|record| record["id"].as_str().unwrap()).collect();
    assert_eq!((records.len(), ids.len()), (2 * many, 2 * many));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_dynamodb_throttles_is_tried_again_and_nothing_is_lost_or_doubled() {
    split_only!("SQLite throttles nothing");
    let (world, device, ani, budi) = talk().await;
    for operation in ["PutItem", "UpdateItem", "TransactWriteItems", "GetItem", "BatchGetItem", "Query"] {
        world.stack().between().fail(Fault::Throttled, Some(operation), 4);
    }
    both_ways(&world, &device, &ani, &budi, 6).await;
    assert!(world.stack().between().failed() >= 12, "{}", world.stack().between().failed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_the_queue_hands_out_twice_is_done_once() {
    split_only!("the queue in SQLite hands out once");
    let (world, device, ani, budi) = talk().await;
    world.stack().between().fail(Fault::Twice, None, 3);
    both_ways(&world, &device, &ani, &budi, 6).await;
    eventually("it has happened", async || (world.stack().between().failed() == 3).then_some(())).await;
    device.sent(&world.program, &budi.number, "Terakhir").await;
    budi.wait_for("Terakhir").await;
    assert_eq!(budi.texts().await.iter().filter(|text| text.starts_with("Ke Budi")).count(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_goes_out_and_comes_in_though_s3_asks_to_come_again() {
    split_only!("files lie in a folder");
    let (world, device, ani, budi) = talk().await;
    world.stack().between().fail(Fault::SlowDown, None, 2);
    let picture = png();
    let id = device.sent_file(&world.program, "image", &budi.number, "halo.png", &picture).await;
    world.arrived(&budi, &id, &picture).await;
    world.stack().between().fail(Fault::SlowDown, Some("PUT"), 2);
    let theirs = budi.hand(&ani.number, "image", &picture, json!({})).await;
    let record = world.record(&theirs, "has its file", |record| record["media"]["status"] == "stored").await;
    assert!(record["mediaUrl"].is_string(), "{record}");
    assert_eq!(world.stack().between().failed(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_down_is_told_to_who_asks_and_what_was_accepted_is_sent_when_it_is_back() {
    split_only!("a file cannot be down");
    let (world, device, _ani, budi) = talk().await;
    let accepted = device.queued(&world.program, &budi.number, "Diterima").await;
    world.wait_for_message(&accepted, "delivered").await;
    world.stack().between().fail(Fault::Broken, Some("SendMessageBatch"), u32::MAX);
    let refused = device.send(&world.program, &budi.number, "Belum tentu").await;
    assert!((500..=504).contains(&refused.status), "{refused:?}");
    assert_eq!(refused.body["success"], false, "{refused:?}");
    world.stack().between().forgive();
    // Its record was stored before the queue failed: it is found and sent, once. A host looks every half minute for what is as old.
    let arrived = within(Duration::from_secs(90), async || budi.texts().await.contains(&"Belum tentu".to_owned()).then_some(())).await;
    assert_eq!(arrived, Some(()), "it was not found");
    assert_eq!(budi.texts().await, ["Diterima", "Belum tentu"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_whose_other_end_is_gone_is_forgotten_and_the_others_are_told() {
    split_only!("sockets end in the program itself");
    let (world, _device, ani, budi) = talk().await;
    let url = format!("{}?token={TOKEN}", world.program.socket);
    let dead = Socket::open(&url).await;
    budi.write(&ani.number, "Satu").await;
    dead.wait_for("the first", |frame: &Value| frame["data"]["message"] == "Satu").await;
    // A socket seems gone while it is about to open, so that one as young is tried for a while.
    world.stack().between().fail(Fault::Gone, Some("POST"), u32::MAX);
    world.stack().between().counts();
    budi.write(&ani.number, "Dua").await;
    eventually("it is given up", async || world.stack().between().counts().get("sockets DELETE").map(drop)).await;
    world.stack().between().forgive();
    // Who comes again is told what was missed.
    let alive = Socket::open(&format!("{url}&since={}", dead.last_id())).await;
    budi.write(&ani.number, "Tiga").await;
    alive.wait_for("the third", |frame: &Value| frame["data"]["message"] == "Tiga").await;
    alive.wait_for("the second", |frame: &Value| frame["data"]["message"] == "Dua").await;
    assert!(dead.frames().iter().all(|frame| frame["data"]["message"] != "Tiga"), "it was not forgotten");
}
