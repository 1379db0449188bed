//! A text to many, whatever happens on the way.

use std::{cell::Cell, collections::BTreeMap, time::Duration};

use futures::{StreamExt, stream};
use serde_json::{Value, json};

use crate::world::{Device, Phone, Receiver, World, eventually, is_split, within};

/// Five hundred; on AWS fewer, since MiniStack answers one at a time.
fn everybody() -> usize {
    if is_split() { 100 } else { 500 }
}

const DELAY_MS: u64 = 20;
/// A debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(150);

/// Accepts a bulk; answers its id and its messages' ids.
async fn bulk(world: &World, device: &Device, recipients: Vec<Value>, delay_ms: u64) -> (String, Vec<String>) {
    let total = recipients.len();
    let body = json!({"sessionId": device.session_id, "recipients": recipients, "options": {"delay": delay_ms}});
    let answer = world.program.post("/send/bulk", &body).await;
    assert_eq!((answer.status, &answer.body["data"]["total"]), (202, &json!(total)), "{:?}", answer.body);
    let data = &answer.body["data"];
    let ids = data["messages"].as_array().unwrap().iter().map(|message| message["messageId"].as_str().unwrap().to_owned()).collect();
    (data["bulkId"].as_str().unwrap().to_owned(), ids)
}

/// Texts with their numbers, all to one.
fn texts(to: &Phone, count: usize) -> Vec<Value> {
    (0..count).map(|number| json!({"phone": to.number, "message": format!("Nomor {number}")})).collect()
}

/// How far the bulk is; all of it is counted, and each message once.
async fn progress(world: &World, id: &str, total: u64) -> Value {
    let answer = world.program.get(&format!("/send/bulk/{id}?limit=1")).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let data = answer.body["data"].clone();
    assert_eq!((&data["total"], sum(&data)), (&json!(total), total), "{data}");
    data
}

fn sum(data: &Value) -> u64 {
    data["progress"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
}

fn pending(data: &Value) -> u64 {
    data["progress"]["pending"].as_u64().unwrap()
}

/// Watches the bulk until at most this many are pending; answers how many. None becomes pending again.
async fn watch(world: &World, id: &str, total: u64, most: u64) -> u64 {
    let before = Cell::new(total);
    let watched = within(PATIENCE, async || {
        let now = pending(&progress(world, id, total).await);
        let before = before.replace(now);
        assert!(now <= before, "{before} were pending, and then {now}");
        (now <= most).then_some(now)
    });
    watched.await.expect("the bulk goes on")
}

/// Every message that was told as sent, once.
fn told_sent(receiver: &Receiver, device: &Device) -> Vec<Value> {
    receiver.events(&device.id).into_iter().filter(|event| event["event"] == "message_sent" && event["data"]["status"] == "sent").collect()
}

/// Fails if messages arrived faster than they were to be written, by the seconds in which WhatsApp took them. A machine may hold some up,
/// and then they come together: less than a second's worth of them.
fn assert_paced(seconds: &[u64]) {
    for (from, first) in seconds.iter().enumerate() {
        for (to, last) in seconds.iter().enumerate().skip(from) {
            let (took_at_most, to_take) = ((last - first + 1) * 1000, (to - from) as u64 * DELAY_MS);
            assert!(took_at_most + 1000 >= to_take, "messages {from} to {to} within {took_at_most} ms");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_get_one_message_each_at_their_pace_though_the_program_dies_in_the_middle() {
    let mut world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let receiver = Receiver::start().await;
    let hook = json!({"url": receiver.url, "events": ["message", "status", "connection", "qr"]});
    let device = world.device_of(json!({"userId": 123, "alias": "Toko", "webhook": hook})).await;
    world.link(&device, &ani).await;
    let number = |person: usize| format!("62812{person:08}");
    let people: Vec<Phone> = stream::iter(0..everybody())
        .map(async |person| world.phone(&number(person), &format!("Orang {person}")).await)
        .buffered(16)
        .collect()
        .await;

    let recipients = (0..everybody()).map(|person| json!({"phone": number(person), "message": format!("Halo nomor {person}")})).collect();
    let (id, ids) = bulk(&world, &device, recipients, DELAY_MS).await;
    let total = everybody() as u64;
    let left = watch(&world, &id, total, total * 6 / 10).await;
    assert!(left > 0, "it dies in the middle");
    world.crash().await;
    world.start().await;
    assert!(pending(&progress(&world, &id, total).await) <= left, "what was sent stays sent");
    watch(&world, &id, total, 0).await;
    let done = within(PATIENCE, async || {
        let data = progress(&world, &id, total).await;
        (data["progress"]["delivered"] == total).then_some(data)
    });
    let done = done.await.expect("all are delivered");
    assert_eq!(done["status"], "completed");
    assert_eq!(done["progress"], json!({"pending": 0, "sent": 0, "delivered": total, "read": 0, "failed": 0}));

    let mut seconds = Vec::with_capacity(everybody());
    for (person, phone) in people.iter().enumerate() {
        let inbox = phone.inbox().await;
        assert_eq!(inbox.len(), 1, "{inbox:?}");
        assert_eq!((&inbox[0]["text"], &inbox[0]["id"]), (&json!(format!("Halo nomor {person}")), &json!(ids[person])));
        seconds.push(inbox[0]["timestamp"].as_u64().unwrap());
    }
    seconds.sort_unstable();
    assert_paced(&seconds);

    // One record and one event for each.
    let records: BTreeMap<String, Value> =
        world.records(&device).await.into_iter().map(|record| (record["id"].as_str().unwrap().to_owned(), record)).collect();
    assert_eq!(records.len(), everybody());
    assert!(ids.iter().all(|message| records[message]["bulkId"] == *id));
    let told = async || {
        let events = told_sent(&receiver, &device);
        (events.len() >= everybody()).then_some(events)
    };
    let told = within(PATIENCE, told).await.expect("all is told");
    let mut told: Vec<_> = told.iter().map(|event| event["data"]["messageId"].as_str().unwrap()).collect();
    told.sort_unstable();
    let mut once: Vec<_> = ids.iter().map(String::as_str).collect();
    once.sort_unstable();
    assert_eq!(told, once);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_that_is_cancelled_in_the_middle_goes_no_further_whatever_happens_later() {
    const TOTAL: usize = 12;
    let (mut world, device, _ani, budi) = World::pair().await;
    let receiver = Receiver::start().await;
    let hook = json!({"webhook": {"url": receiver.url, "events": ["message", "status"]}});
    assert_eq!(world.program.put(&format!("/devices/{}", device.id), &hook).await.status, 200);
    let (id, ids) = bulk(&world, &device, texts(&budi, TOTAL), 400).await;
    budi.wait_for("Nomor 2").await;
    let cancelled = world.program.post(&format!("/send/bulk/{id}/cancel"), &json!({})).await;
    assert_eq!((cancelled.status, &cancelled.body["data"]["status"]), (200, &json!("cancelled")), "{:?}", cancelled.body);
    assert_eq!(sum(&cancelled.body["data"]), TOTAL as u64);
    // One may have been on its way.
    watch(&world, &id, TOTAL as u64, 0).await;
    let failed = progress(&world, &id, TOTAL as u64).await["progress"]["failed"].as_u64().unwrap() as usize;
    let sent = TOTAL - failed;
    assert!((3..TOTAL).contains(&sent), "{sent} were sent");
    let again = world.program.post(&format!("/send/bulk/{id}/cancel"), &json!({})).await;
    assert_eq!((again.status, &again.body["data"]["status"]), (200, &json!("cancelled")));
    assert_eq!(again.body["data"]["cancelledAt"], cancelled.body["data"]["cancelledAt"]);

    for message in &ids[sent..] {
        let told = receiver.wait_for("the failure", |event| event["data"]["messageId"] == **message).await.body;
        assert_eq!((&told["data"]["status"], &told["data"]["error"]), (&json!("failed"), &json!("cancelled")), "{told}");
        let record = world.wait_for_message(message, "failed").await;
        assert_eq!(record["error"], "cancelled");
    }
    world.restart().await;
    world.wait_for_status(&device, "connected").await;
    // By then the last one would have been sent.
    let (_, after) = bulk(&world, &device, texts(&budi, 2), 12 * 400).await;
    for message in &after {
        world.wait_for_message(message, "delivered").await;
    }
    let got: Vec<_> = budi.inbox().await.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(got, [&ids[..sent], &after[..]].concat());
    let page = world.program.get(&format!("/send/bulk/{id}?limit=200")).await;
    let statuses: Vec<_> = page.body["data"]["messages"].as_array().unwrap().iter().map(|row| row["status"] == "failed").collect();
    assert_eq!(statuses, (0..TOTAL).map(|number| number >= sent).collect::<Vec<_>>(), "in the bulk's order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_whose_device_is_disconnected_fails_from_there_on() {
    const TOTAL: usize = 6;
    let (world, device, _ani, budi) = World::pair().await;
    let (id, ids) = bulk(&world, &device, texts(&budi, TOTAL), 500).await;
    budi.wait_for("Nomor 1").await;
    assert_eq!(world.program.post(&format!("/devices/{}/disconnect", device.id), &json!({})).await.status, 200);
    watch(&world, &id, TOTAL as u64, 0).await;
    let data = progress(&world, &id, TOTAL as u64).await;
    let failed = data["progress"]["failed"].as_u64().unwrap() as usize;
    assert_eq!((&data["status"], failed > 0), (&json!("completed"), true), "{data}");
    let got: Vec<_> = budi.inbox().await.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(got, ids[..TOTAL - failed]);
    for message in &ids[TOTAL - failed..] {
        assert_eq!(world.wait_for_message(message, "failed").await["error"], "disconnected");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_goes_on_when_the_connection_was_lost_in_the_middle() {
    const TOTAL: usize = 6;
    let (world, device, _ani, budi) = World::pair().await;
    let (id, ids) = bulk(&world, &device, texts(&budi, TOTAL), 200).await;
    budi.wait_for("Nomor 1").await;
    world.faults(&json!({"dropConnections": true})).await;
    eventually("all are delivered", async || {
        let data = progress(&world, &id, TOTAL as u64).await;
        (data["progress"]["delivered"] == TOTAL).then_some(())
    })
    .await;
    let got: Vec<_> = budi.inbox().await.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(got, ids);
}
