//! What the serverless split asks of AWS, counted: `tests/run aws flows::costs --no-capture` prints it.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::{
    split_only,
    world::{Counts, Receiver, World, eventually},
};

/// How many of each kind are counted.
const MANY: u64 = 20;

/// The most requests to DynamoDB that write, for a text that is sent.
const WRITES: f64 = 6.0;

/// The most items that may be written for a text that is sent: its record when it is accepted; the head, the record and the event when it is sent; four of
/// the device store; and now and then one of a limit's.
const ITEMS: f64 = 9.0;

/// What was asked for since the last time, for each of so many, without what is asked for anyway while nothing happens.
struct Meter {
    /// A second's.
    idle: Vec<(String, f64)>,
    since: Instant,
}

impl Meter {
    /// Watches for a while how nothing happens.
    async fn start(world: &World) -> Self {
        world.stack().between().counts();
        let seconds = 6;
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let idle = world.stack().between().counts();
        let idle = idle.into_iter().map(|(name, count)| (name, count as f64 / seconds as f64)).collect();
        Self { idle, since: Instant::now() }
    }

    fn begin(&mut self, world: &World) {
        world.stack().between().counts();
        self.since = Instant::now();
    }

    fn each(&self, world: &World, many: u64) -> Vec<(String, f64)> {
        let (counts, seconds): (Counts, _) = (world.stack().between().counts(), self.since.elapsed().as_secs_f64());
        let idle = |name: &str| self.idle.iter().find(|(known, _)| known == name).map_or(0.0, |(_, rate)| rate * seconds);
        let each = counts.into_iter().map(|(name, count)| ((count as f64 - idle(&name)).max(0.0) / many as f64, name));
        each.filter(|(count, _)| *count >= 0.05).map(|(count, name)| (name, count)).collect()
    }
}

fn print(what: &str, counts: &[(String, f64)]) {
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count:.1}")).collect();
    println!("{what}: {}", counts.join(", "));
}

/// The requests that write, wherever.
fn writes(counts: &[(String, f64)]) -> f64 {
    let writes =
        ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"].map(|operation| format!("dynamodb {operation}"));
    counts.iter().filter(|(name, _)| writes.contains(name)).map(|(_, count)| count).sum()
}

/// The items written, wherever.
fn written(counts: &[(String, f64)]) -> f64 {
    counts.iter().filter(|(name, _)| name.contains(" written") && !name.starts_with("Leases")).map(|(_, count)| count).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_of_aws_for_a_device_a_text_and_a_webhook_is_within_the_budget() {
    split_only!("one machine asks nothing of AWS");
    // The usual limits are counted too.
    let limits = [("RATE_LIMIT_IP_PER_HOUR", "1000"), ("RATE_LIMIT_MESSAGES_PER_MINUTE", "100")];
    let world = World::watched(&limits).await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let mut meter = Meter::start(&world).await;
    print("a host with nothing to do, a second", &meter.idle);

    meter.begin(&world);
    let device = world.linked("Toko", &ani).await;
    // What the library goes on with after it is connected.
    tokio::time::sleep(Duration::from_secs(3)).await;
    print("a device that is linked", &meter.each(&world, 1));

    // Both sides know each other, as they do after the first message.
    budi.write(&ani.number, "Halo").await;
    eventually("the first message is there", async || (world.records(&device).await.len() == 1).then_some(())).await;
    let first = device.sent(&world.program, &budi.number, "Halo juga").await;
    budi.wait_for("Halo juga").await;
    world.wait_for_message(&first, "delivered").await;

    budi.power(false).await;
    meter.begin(&world);
    for n in 0..MANY {
        device.sent(&world.program, &budi.number, &format!("Kabar {n}")).await;
    }
    let sent = meter.each(&world, MANY);
    print("a text that is sent", &sent);

    meter.begin(&world);
    budi.power(true).await;
    let last = format!("Kabar {}", MANY - 1);
    budi.wait_for(&last).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    print("a text that is delivered", &meter.each(&world, MANY));

    meter.begin(&world);
    for n in 0..MANY {
        budi.write(&ani.number, &format!("Jawab {n}")).await;
    }
    let all = 2 + 2 * MANY as usize;
    eventually("the answers are there", async || (world.records(&device).await.len() == all).then_some(())).await;
    print("a text that is received", &meter.each(&world, MANY));

    let receiver = Receiver::start().await;
    world.program.put(&format!("/devices/{}", device.id), &json!({"webhook": {"url": receiver.url, "events": ["message"]}})).await;
    meter.begin(&world);
    for n in 0..MANY {
        budi.write(&ani.number, &format!("Kabari {n}")).await;
    }
    receiver.wait_for("the last", |body| body["data"]["message"] == format!("Kabari {}", MANY - 1)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    print("a text that is received, and told to a webhook", &meter.each(&world, MANY));

    let (writes, items) = (writes(&sent), written(&sent));
    println!("requests that write for a text that is sent: {writes:.2} (budget {WRITES})");
    println!("items written for a text that is sent: {items:.2} (at most {ITEMS})");
    assert!(writes <= WRITES && items <= ITEMS, "{writes} {items}");
}
