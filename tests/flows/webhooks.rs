//! Webhooks: every event, in order within its chat, signed, and nobody waits for anybody else's receiver.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::world::{Answering, Delivered, Device, Phone, Receiver, World, eventually, is_split};

/// A linked device with a webhook.
async fn linked(world: &World, alias: &str, phone: &Phone, webhook: Value) -> Device {
    let device = world.device_of(json!({"userId": 123, "alias": alias, "webhook": webhook})).await;
    world.link(&device, phone).await;
    device
}

async fn two_phones(world: &World) -> (Phone, Phone) {
    (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await)
}

/// What an event keeps its order within.
fn chat_of(event: &Value) -> String {
    event["data"]["chatId"].as_str().unwrap_or_default().to_owned()
}

/// How the webhook fares, by its settings.
async fn settings(world: &World, device: &Device) -> Value {
    world.program.get(&format!("/devices/{}/settings/webhook", device.id)).await.body["data"]["webhookSettings"].clone()
}

async fn wait_for_webhook(world: &World, device: &Device, status: &str) {
    eventually(&format!("the webhook is {status}"), async || (settings(world, device).await["status"] == *status).then_some(())).await;
}

/// Waits until the receiver has taken the device's event of this message, in this status.
async fn wait_for_tick(receiver: &Receiver, id: &str, status: &str) -> Delivered {
    receiver.wait_for(&format!("{id} {status}"), |body| body["data"]["messageId"] == *id && body["data"]["status"] == *status).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_was_down_over_a_restart_gets_every_event_in_order() {
    let mut world = World::new().await;
    let (ani, budi) = two_phones(&world).await;
    let receiver = Receiver::start().await;
    let device = linked(&world, "Toko", &ani, json!({"url": receiver.url})).await;
    receiver.wait_for("the connection", |body| body["data"]["status"] == "connected").await;

    receiver.answer(Answering::Status(503));
    let before = device.sent(&world.program, &budi.number, "before").await;
    world.wait_for_message(&before, "delivered").await;
    budi.write(&ani.number, "answer").await;
    eventually("the answer is stored", async || (world.records(&device).await.len() == 2).then_some(())).await;
    eventually("a try failed", async || (!receiver.refused().is_empty()).then_some(())).await;
    world.restart().await;
    world.wait_for_status(&device, "connected").await;
    let after = device.sent(&world.program, &budi.number, "after").await;
    world.wait_for_message(&after, "delivered").await;
    let refused = receiver.refused().len();
    eventually("another try failed", async || (receiver.refused().len() > refused).then_some(())).await;
    receiver.answer(Answering::Ok);

    wait_for_tick(&receiver, &after, "delivered").await;
    let events = receiver.all_events(&device.id).await;
    let told = events.iter().skip_while(|event| event["data"]["status"] != "connected").skip(1).map(|event| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", text(&event["event"]), text(&event["data"]["status"]), text(&event["data"]["message"]))
    });
    let mut told: Vec<_> = told.collect();
    // The answer may come before or after the tick.
    told[1..3].sort();
    assert_eq!(
        told,
        [
            "message_sent sent before",
            "message_received delivered answer",
            "message_status delivered ",
            "connection_update connecting ",
            "connection_update connected ",
            "message_sent sent after",
            "message_status delivered ",
        ]
    );
    let mut firsts = HashMap::new();
    for refused in receiver.refused() {
        let first = firsts.entry(chat_of(&refused.body)).or_insert_with(|| refused.body["id"].clone());
        assert_eq!(*first, refused.body["id"], "nothing overtook the first one of its chat");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_is_the_same_event_under_the_same_id() {
    let world = World::new().await;
    let (ani, budi) = two_phones(&world).await;
    let receiver = Receiver::start().await;
    let device = linked(&world, "Toko", &ani, json!({"url": receiver.url, "events": ["message"]})).await;
    receiver.answer(Answering::Status(500));
    let id = device.sent(&world.program, &budi.number, "Again and again").await;
    eventually("two tries failed", async || (receiver.refused().len() >= 2).then_some(())).await;
    receiver.answer(Answering::Ok);
    let taken = wait_for_tick(&receiver, &id, "sent").await;
    for try_ in receiver.refused().iter().chain([&taken]) {
        assert_eq!(try_.body, taken.body);
        assert_eq!(try_.headers["webhook-id"], taken.body["id"].as_str().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_refuses_to_the_end_is_given_up_and_holds_up_nothing_after() {
    let world = World::new().await;
    let (ani, budi) = two_phones(&world).await;
    let receiver = Receiver::start().await;
    let device = linked(&world, "Toko", &ani, json!({"url": receiver.url, "events": ["message"], "retryCount": 1})).await;
    receiver.answer(Answering::Status(404));
    device.sent(&world.program, &budi.number, "Lost").await;
    eventually("both tries failed", async || (receiver.refused().len() == 2).then_some(())).await;
    receiver.answer(Answering::Ok);
    let id = device.sent(&world.program, &budi.number, "Found").await;
    wait_for_tick(&receiver, &id, "sent").await;
    assert_eq!(receiver.taken().len(), 1);
    assert_eq!(receiver.refused().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_receiver_calls_gone_is_given_up_at_once_and_counted() {
    let world = World::new().await;
    let (ani, budi) = two_phones(&world).await;
    let receiver = Receiver::start().await;
    let device = linked(&world, "Toko", &ani, json!({"url": receiver.url, "events": ["message"]})).await;
    receiver.answer(Answering::Without("Lost", 410));
    device.sent(&world.program, &budi.number, "Lost").await;
    let id = device.sent(&world.program, &budi.number, "Found").await;
    wait_for_tick(&receiver, &id, "sent").await;
    assert_eq!((receiver.taken().len(), receiver.refused().len()), (1, 1));
    eventually("both are counted", async || {
        let statistics = settings(&world, &device).await["statistics"].clone();
        (statistics["failed"] == 1 && statistics["totalSent"] == 2).then_some(())
    })
    .await;
}

/// Some texts to each of these people, by turns; answers the last one's id.
async fn talk(world: &World, device: &Device, to: &[&Phone], turns: usize) -> String {
    let mut last = String::new();
    for turn in 0..turns {
        for phone in to {
            last = device.sent(&world.program, &phone.number, &format!("{turn} to {}", phone.number)).await;
        }
    }
    last
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_down_for_an_hour_is_asked_less_and_less_often_and_gets_everything_in_order() {
    // An hour is a second here.
    let world = World::with(&[("WEBHOOK_SPEED", "3600")]).await;
    let (ani, budi) = two_phones(&world).await;
    let citra = world.phone("6281100000003", "Citra").await;
    let receiver = Receiver::start().await;
    receiver.answer(Answering::Status(503));
    let began = Instant::now();
    let device = linked(&world, "Toko", &ani, json!({"url": receiver.url})).await;
    talk(&world, &device, &[&budi, &citra], 10).await;
    let hour = async || (began.elapsed() > Duration::from_secs(1)).then_some(());
    eventually("an hour is over", hour).await;
    let (asked, hours) = (receiver.refused().len(), began.elapsed().as_secs_f64());
    // Some at the beginning, then each five minutes at most, shortened by up to a half.
    assert!((asked as f64) < 40.0 + 24.0 * hours, "{asked} tries in {hours} hours");
    assert!(receiver.taken().is_empty());
    assert_eq!(settings(&world, &device).await["status"], "failing");
    receiver.answer(Answering::Ok);
    let last = talk(&world, &device, &[&citra, &budi], 1).await;
    wait_for_tick(&receiver, &last, "delivered").await;
    let told = receiver.all_events(&device.id).await;
    assert_eq!(told.iter().filter(|event| event["event"] == "message_sent").count(), 22);
    wait_for_webhook(&world, &device, "active").await;
    let path = format!("/devices/{}/deliveries", device.id);
    let left = async || world.program.get(&path).await.body["data"]["pagination"]["total"].clone();
    eventually("nothing is left", async || (left().await == 0).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_fails_by_turns_gets_everything_once_and_in_order_over_a_kill() {
    let mut world = World::with(&[("WEBHOOK_SPEED", "1000")]).await;
    let (ani, budi) = two_phones(&world).await;
    let citra = world.phone("6281100000003", "Citra").await;
    let receiver = Receiver::start().await;
    receiver.answer(Answering::ByTurns(500));
    let device = linked(&world, "Toko", &ani, json!({"url": receiver.url})).await;
    talk(&world, &device, &[&budi, &citra], 5).await;
    world.crash().await;
    world.start().await;
    world.wait_for_status(&device, "connected").await;
    let last = talk(&world, &device, &[&budi, &citra], 5).await;
    world.wait_for_message(&last, "delivered").await;
    wait_for_tick(&receiver, &last, "delivered").await;
    let told = receiver.all_events(&device.id).await;
    assert_eq!(told.iter().filter(|event| event["event"] == "message_sent").count(), 20);
    let ids: Vec<_> = receiver.taken().iter().map(|taken| taken.body["id"].clone()).collect();
    let doubled = ids.len() - told.len();
    assert!(doubled <= 8, "{doubled} were told twice: more than can be on their way at a kill");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_refused_for_ever_holds_up_its_chat_alone() {
    let world = World::new().await;
    let (ani, budi) = two_phones(&world).await;
    let citra = world.phone("6281100000003", "Citra").await;
    let receiver = Receiver::start().await;
    let device = linked(&world, "Toko", &ani, json!({"url": receiver.url, "events": ["message"]})).await;
    receiver.answer(Answering::Without("poison", 500));
    device.sent(&world.program, &budi.number, "poison").await;
    let last = talk(&world, &device, &[&budi, &citra], 5).await;
    wait_for_tick(&receiver, &last, "sent").await;
    assert_eq!(receiver.taken().iter().filter(|taken| chat_of(&taken.body) != citra.jid()).count(), 0);
    let waiting = eventually("only Budi's wait", async || {
        let waiting = world.program.get(&format!("/devices/{}/deliveries?status=pending", device.id)).await.body["data"].clone();
        (waiting["pagination"]["total"] == 6).then_some(waiting)
    })
    .await;
    assert!(waiting["deliveries"].as_array().unwrap().iter().all(|waiting| waiting["chatId"] == budi.jid()), "{waiting}");
    receiver.answer(Answering::Ok);
    let told = eventually("the others come", async || Some(receiver.events(&device.id)).filter(|told| told.len() == 11)).await;
    assert_eq!(told[0]["data"]["message"], "poison");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_takes_its_time_is_told_of_several_chats_at_once() {
    let world = World::new().await;
    let (ani, budi) = two_phones(&world).await;
    let citra = world.phone("6281100000003", "Citra").await;
    let receiver = Receiver::start().await;
    let device = linked(&world, "Toko", &ani, json!({"url": receiver.url, "events": ["message"]})).await;
    // Longer than it takes to send a text.
    receiver.answer(Answering::Slowly(Duration::from_millis(if is_split() { 2000 } else { 400 })));
    talk(&world, &device, &[&budi, &citra], 3).await;
    let told = eventually("all is told", async || Some(receiver.events(&device.id)).filter(|told| told.len() == 6)).await;
    assert_eq!(told.len(), receiver.taken().len());
    assert_eq!(receiver.most_at_once(), 2, "one of each chat");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_follows_where_a_receiver_sends_them() {
    let world = World::with(&[("WEBHOOK_SPEED", "1000")]).await;
    let (ani, budi) = two_phones(&world).await;
    let (receiver, private) = (Receiver::start().await, Receiver::start().await);
    let device = linked(&world, "Toko", &ani, json!({"url": receiver.url, "events": ["message"], "retryCount": 2})).await;
    receiver.answer(Answering::Elsewhere(private.url.clone()));
    device.sent(&world.program, &budi.number, "secret").await;
    let given_up = eventually("it is given up", async || {
        let given_up = world.program.get(&format!("/devices/{}/deliveries?status=failed", device.id)).await;
        given_up.body["data"]["deliveries"].get(0).cloned()
    })
    .await;
    assert_eq!((&given_up["reason"], &given_up["attempts"]), (&json!("redirect"), &json!(3)));
    assert_eq!(receiver.refused().len(), 3);
    assert!(private.taken().is_empty() && private.refused().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_fails_for_a_day_is_paused_and_a_successful_test_takes_it_up_again() {
    // A day is two seconds and a half here.
    let mut world = World::with(&[("WEBHOOK_SPEED", "36000")]).await;
    let (ani, budi) = two_phones(&world).await;
    let receiver = Receiver::start().await;
    let webhook = json!({"url": receiver.url, "events": ["message"], "retryCount": 1000});
    let device = linked(&world, "Toko", &ani, webhook).await;
    receiver.answer(Answering::Status(500));
    device.sent(&world.program, &budi.number, "one").await;
    wait_for_webhook(&world, &device, "failing").await;
    wait_for_webhook(&world, &device, "paused").await;
    let seen = world.program.get(&format!("/devices/{}", device.id)).await;
    assert_eq!(seen.body["data"]["device"]["webhookSettings"]["status"], "paused");

    // It is left alone, over a restart too, and what happens waits.
    let asked = receiver.refused().len();
    receiver.answer(Answering::Ok);
    world.restart().await;
    world.wait_for_status(&device, "connected").await;
    let two = device.sent(&world.program, &budi.number, "two").await;
    world.wait_for_message(&two, "delivered").await;
    assert_eq!((receiver.refused().len(), receiver.taken().len()), (asked, 0));
    let path = format!("/devices/{}/settings/webhook", device.id);
    let secret = world.program.put(&path, &json!({"secret": "new"})).await;
    assert_eq!(secret.body["data"]["webhookSettings"]["status"], "paused");

    // A test that fails changes nothing.
    receiver.answer(Answering::Status(500));
    assert_eq!(world.program.post(&format!("{path}/test"), &json!({})).await.status, 500);
    assert_eq!(settings(&world, &device).await["status"], "paused");
    receiver.answer(Answering::Ok);
    assert_eq!(world.program.post(&format!("{path}/test"), &json!({})).await.status, 200);
    receiver.wait_for("the second", |body| body["data"]["message"] == "two").await;
    let told: Vec<_> = receiver.taken().iter().map(|taken| taken.body["data"]["message"].clone()).collect();
    assert_eq!(told, [json!(null), json!("one"), json!("two")]);
    assert_eq!(settings(&world, &device).await["status"], "active");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_webhook_gets_what_waits_at_its_new_address() {
    let world = World::with(&[("WEBHOOK_SPEED", "200000")]).await;
    let (ani, budi) = two_phones(&world).await;
    let (old, new) = (Receiver::start().await, Receiver::start().await);
    let webhook = json!({"url": old.url, "events": ["message"], "retryCount": 1000});
    let device = linked(&world, "Toko", &ani, webhook).await;
    old.answer(Answering::Status(500));
    device.sent(&world.program, &budi.number, "one").await;
    wait_for_webhook(&world, &device, "paused").await;
    device.sent(&world.program, &budi.number, "two").await;
    let moved = world.program.put(&format!("/devices/{}/settings/webhook", device.id), &json!({"url": new.url})).await;
    assert_eq!(moved.body["data"]["webhookSettings"]["status"], "active");
    new.wait_for("the second", |body| body["data"]["message"] == "two").await;
    assert_eq!(new.taken().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_receiver_and_a_dead_one_delay_nobody_elses_events_and_no_sends() {
    let world = World::new().await;
    let (ani, budi) = two_phones(&world).await;
    let (citra, dewi) = (world.phone("6281100000003", "Citra").await, world.phone("6281100000004", "Dewi").await);
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    slow.answer(Answering::Slowly(Duration::from_secs(3600)));
    let dead = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/hook", listener.local_addr().unwrap())
    };
    let devices = [
        linked(&world, "Slow", &ani, json!({"url": slow.url})).await,
        linked(&world, "Dead", &budi, json!({"url": dead})).await,
        linked(&world, "Quick", &citra, json!({"url": quick.url})).await,
    ];
    for number in 0..10 {
        for device in &devices {
            device.sent(&world.program, &dewi.number, &format!("{} {number}", device.session_id)).await;
        }
        dewi.write(&citra.number, &format!("answer {number}")).await;
    }
    quick.wait_for("the last answer", |body| body["data"]["message"] == "answer 9").await;
    let received = quick.all_events(&devices[2].id).await.into_iter().filter(|event| event["event"] == "message_received");
    assert_eq!(received.count(), 10);
    assert_eq!(slow.taken().len(), 0);
    assert_eq!(dewi.inbox().await.len(), 30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_receiver_of_one_device_delays_no_other_device_at_the_same_address() {
    let world = World::new().await;
    let (ani, budi) = two_phones(&world).await;
    let (stuck, fine) = (Receiver::start().await, Receiver::start().await);
    let first = linked(&world, "First", &ani, json!({"url": stuck.url, "timeout": 1000})).await;
    let second = linked(&world, "Second", &budi, json!({"url": fine.url, "timeout": 1000})).await;
    stuck.answer(Answering::Slowly(Duration::from_secs(3600)));
    let lost = first.sent(&world.program, &budi.number, "to budi").await;
    let found = second.sent(&world.program, &ani.number, "to ani").await;
    wait_for_tick(&fine, &found, "sent").await;
    // The first one's tries time out, and it is told as soon as it answers again.
    stuck.answer(Answering::Ok);
    wait_for_tick(&stuck, &lost, "sent").await;
    stuck.events(&first.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_signature_is_what_its_specification_says() {
    const STANDARD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let world = World::with(&[("WEBHOOK_SECRET", "everybodys-secret")]).await;
    let (ani, budi) = two_phones(&world).await;
    let (common, own) = (Receiver::start().await, Receiver::start().await);
    let first = linked(&world, "First", &ani, json!({"url": common.url})).await;
    let second = linked(&world, "Second", &budi, json!({"url": own.url, "secret": STANDARD})).await;
    let text = "“Halo” \"Budi\" \\ \u{2028}\u{1f44b}\u{7}\n</script>";
    let one = first.sent(&world.program, &budi.number, text).await;
    let two = second.sent(&world.program, &ani.number, text).await;
    wait_for_tick(&common, &one, "delivered").await;
    wait_for_tick(&own, &two, "delivered").await;
    for delivered in common.taken() {
        verify(&delivered, b"everybodys-secret", b"everybodys-secret");
    }
    for delivered in own.taken() {
        verify(&delivered, STANDARD.as_bytes(), &BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
    }
}

fn hmac(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(bytes).finalize().into_bytes().to_vec()
}

fn verify(delivered: &Delivered, secret: &[u8], standard_key: &[u8]) {
    let header = |name: &str| delivered.headers[name].to_str().unwrap().to_owned();
    let text = std::str::from_utf8(&delivered.bytes).unwrap();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("x-signature"), format!("sha256={}", hex::encode(hmac(secret, &delivered.bytes))));

    let inner = delivered.body["signature"].as_str().unwrap();
    let unsigned = text.replace(&format!(r#","signature":"{inner}""#), "");
    assert_eq!(inner, hex::encode(hmac(secret, unsigned.as_bytes())), "{unsigned}");

    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    assert_eq!(id, delivered.body["id"].as_str().unwrap());
    let age = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().abs_diff(timestamp.parse().unwrap());
    assert!(age < 300, "signed {age} s ago");
    let signature = BASE64_STANDARD.encode(hmac(standard_key, format!("{id}.{timestamp}.{text}").as_bytes()));
    assert_eq!(header("webhook-signature"), format!("v1,{signature}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_settings_take_effect_at_once() {
    let world = World::new().await;
    let (ani, budi) = two_phones(&world).await;
    let (old, new) = (Receiver::start().await, Receiver::start().await);
    let device = linked(&world, "Toko", &ani, json!({"url": old.url})).await;
    let path = format!("/devices/{}", device.id);
    let change = async |webhook: Value| {
        let answer = world.program.put(&path, &json!({"webhook": webhook})).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    };
    let first = device.sent(&world.program, &budi.number, "to the old one").await;
    wait_for_tick(&old, &first, "delivered").await;

    // The address, what is signed with, what comes along, and what is told.
    change(json!({"url": new.url, "secret": "hush", "headers": {"X-Shop": "7"}, "events": ["message"]})).await;
    let second = device.sent(&world.program, &budi.number, "to the new one").await;
    world.wait_for_message(&second, "delivered").await;
    budi.write(&ani.number, "answer").await;
    new.wait_for("the answer", |body| body["data"]["message"] == "answer").await;
    let taken = new.taken();
    assert_eq!(taken.iter().map(|taken| taken.body["event"].as_str().unwrap()).collect::<Vec<_>>(), ["message_sent", "message_received"]);
    for delivered in &taken {
        verify(delivered, b"hush", b"hush");
        assert_eq!(delivered.headers["x-shop"], "7");
    }

    // Off, nothing is told; on again, it goes on with what happens then.
    change(json!({"enabled": false})).await;
    device.sent(&world.program, &budi.number, "unheard").await;
    change(json!({"enabled": true, "headers": {}})).await;
    let last = device.sent(&world.program, &budi.number, "heard").await;
    let last = wait_for_tick(&new, &last, "sent").await;
    assert!(last.headers.get("x-shop").is_none());
    assert_eq!(new.taken().len(), 3);
    assert!(old.taken().iter().all(|taken| taken.body["data"]["message"] != "to the new one"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_dead_address_goes_to_the_new_one() {
    let world = World::new().await;
    let (ani, budi) = two_phones(&world).await;
    let (old, new) = (Receiver::start().await, Receiver::start().await);
    let device = linked(&world, "Toko", &ani, json!({"url": old.url, "events": ["message"]})).await;
    old.answer(Answering::Status(404));
    let texts = ["one", "two", "three"];
    for text in texts {
        device.sent(&world.program, &budi.number, text).await;
    }
    eventually("a try failed", async || (!old.refused().is_empty()).then_some(())).await;
    let answer = world.program.put(&format!("/devices/{}", device.id), &json!({"webhook": {"url": new.url}})).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    new.wait_for("the last one", |body| body["data"]["message"] == "three").await;
    assert_eq!(new.taken().iter().map(|taken| taken.body["data"]["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), texts);
}
