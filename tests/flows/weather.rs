//! Bad weather between warta and WhatsApp: nothing is lost or doubled, the status tells the truth, and nobody is stormed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Device, Line, Phone, Receiver, World, eventually};

/// A linked device with a webhook, and somebody to write to.
struct Scene {
    world: World,
    device: Device,
    ani: Phone,
    budi: Phone,
    receiver: Receiver,
}

impl Scene {
    async fn with(settings: &[(&str, &str)]) -> Self {
        let world = World::with(settings).await;
        let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
        let receiver = Receiver::start().await;
        let device = world.device_of(json!({"userId": 123, "alias": "Toko", "webhook": {"url": receiver.url}})).await;
        world.link(&device, &ani).await;
        Self { world, device, ani, budi, receiver }
    }

    /// WhatsApp goes away.
    async fn outage(&self) {
        self.world.faults(&json!({"refuseConnections": true, "dropConnections": true})).await;
        self.world.wait_for_status(&self.device, "connecting").await;
    }

    /// WhatsApp is there again.
    async fn fair_weather(&self) {
        self.world.faults(&json!({"refuseConnections": false, "ackDelayMs": 0})).await;
    }

    async fn queue(&self, texts: &[&str]) -> Vec<String> {
        let mut ids = Vec::new();
        for text in texts {
            ids.push(self.device.queued(&self.world.program, &self.budi.number, text).await);
        }
        ids
    }

    /// What the webhook was told of the connection since it was first there.
    fn connection(&self) -> Vec<(String, Option<String>)> {
        let events = self.receiver.events(&self.device.id).into_iter();
        let told = events.filter(|event| event["event"] == "connection_update").map(|event| {
            let text = |field: &str| event["data"][field].as_str().map(str::to_owned);
            (text("status").unwrap(), text("reason"))
        });
        told.skip_while(|(status, _)| status != "connected").collect()
    }

    /// Waits until the webhook was told this of the connection; fails if it was told more.
    async fn wait_for_connection(&self, expected: &[(&str, Option<&str>)]) {
        let expected: Vec<_> = expected.iter().map(|(status, reason)| ((*status).to_owned(), reason.map(str::to_owned))).collect();
        eventually("the webhook was told of the connection", async || (self.connection().len() >= expected.len()).then_some(())).await;
        assert_eq!(self.connection(), expected);
    }

    /// Waits until the webhook was told this of the message.
    async fn wait_for_event(&self, id: &str, status: &str) -> Value {
        self.receiver
            .wait_for(&format!("{id} {status}"), |body| body["data"]["messageId"] == *id && body["data"]["status"] == *status)
            .await
            .body
    }
}

const ON: (&str, Option<&str>) = ("connected", None);
const LOST: (&str, Option<&str>) = ("connecting", Some("connection_lost"));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_told_once_and_bridged_with_growing_patience_and_what_was_sent_in_it_goes_out_in_order() {
    let mut scene = Scene::with(&[("SEND_WAIT_MS", "300")]).await;
    let line = Line::to(scene.world.sandbox.addr()).await;
    scene.world.program.terminate().await;
    scene.world.start_with(&[("SANDBOX_URL", &line.url)]).await;
    scene.world.wait_for_status(&scene.device, "connected").await;
    assert_eq!(line.calls().len(), 1);

    scene.outage().await;
    let ids = scene.queue(&["one", "two", "three"]).await;
    let answer = scene.device.send(&scene.world.program, &scene.budi.number, "four").await;
    assert_eq!((answer.status, &answer.body["data"]["status"]), (202, &json!("pending")), "{:?}", answer.body);
    eventually("the third call", async || (line.calls().len() == 3).then_some(())).await;
    assert_eq!(scene.world.records(&scene.device).await.iter().filter(|record| record["status"] == "pending").count(), 4);
    assert_eq!(scene.budi.texts().await, [""; 0]);
    scene.fair_weather().await;
    scene.budi.wait_for("four").await;
    assert_eq!(scene.budi.texts().await, ["one", "two", "three", "four"]);
    for id in &ids {
        scene.world.wait_for_message(id, "delivered").await;
    }

    let calls = line.calls();
    assert_eq!(calls.len(), 4, "one call a try");
    let waits: Vec<_> = calls.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits[1] > Duration::from_millis(500) && waits[2] > Duration::from_millis(1200), "{waits:?}");
    // The restart, then the outage.
    scene.wait_for_connection(&[ON, ("connecting", None), ON, LOST, ON]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_drop_under_traffic_lose_and_double_nothing() {
    let scene = Scene::with(&[]).await;
    let texts: Vec<_> = (0..40).map(|number| format!("text {number}")).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    let mut ids = scene.queue(&texts[..15]).await;
    scene.world.faults(&json!({"dropConnections": true})).await;
    ids.extend(scene.queue(&texts[15..25]).await);
    scene.wait_for_connection(&[ON, LOST, ON]).await;
    ids.extend(scene.queue(&texts[25..35]).await);
    scene.world.faults(&json!({"dropConnections": true})).await;
    ids.extend(scene.queue(&texts[35..]).await);
    scene.wait_for_connection(&[ON, LOST, ON, LOST, ON]).await;

    scene.budi.wait_for(texts[39]).await;
    for id in &ids {
        scene.wait_for_event(id, "delivered").await;
        scene.world.wait_for_message(id, "delivered").await;
    }
    assert_eq!(scene.budi.texts().await, texts);
    let sent = scene.receiver.events(&scene.device.id).into_iter().filter(|event| event["event"] == "message_sent");
    let mut sent: Vec<_> = sent.map(|event| event["data"]["messageId"].as_str().unwrap().to_owned()).collect();
    sent.sort();
    ids.sort();
    assert_eq!(sent, ids, "each told once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_whose_acknowledgement_was_lost_with_the_connection_are_sent_again_as_the_same() {
    let scene = Scene::with(&[]).await;
    // Nobody there who could acknowledge by a receipt.
    scene.budi.power(false).await;
    scene.world.faults(&json!({"ackDelayMs": 3_600_000})).await;
    let ids = scene.queue(&["one", "two", "three"]).await;
    scene.ani.wait_for("one").await;
    scene.world.faults(&json!({"ackDelayMs": 0, "dropConnections": true})).await;
    for id in &ids {
        scene.world.wait_for_message(id, "sent").await;
    }
    scene.budi.power(true).await;
    for id in &ids {
        scene.wait_for_event(id, "delivered").await;
    }
    let arrived: Vec<_> = scene.budi.inbox().await.iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(arrived, ids);
    scene.wait_for_connection(&[ON, LOST, ON]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledgement_that_takes_long_is_pending_first_and_sent_then() {
    let scene = Scene::with(&[("SEND_WAIT_MS", "200")]).await;
    scene.budi.power(false).await;
    scene.world.faults(&json!({"ackDelayMs": 1000})).await;
    let answer = scene.device.send(&scene.world.program, &scene.budi.number, "Slowly").await;
    assert_eq!((answer.status, &answer.body["data"]["status"]), (202, &json!("pending")), "{:?}", answer.body);
    let id = answer.body["data"]["messageId"].as_str().unwrap();
    scene.ani.wait_for("Slowly").await;
    scene.world.wait_for_message(id, "pending").await;
    scene.world.wait_for_message(id, "sent").await;
    scene.budi.power(true).await;
    scene.wait_for_event(id, "delivered").await;
    assert_eq!(scene.budi.texts().await, ["Slowly"]);
    let told: Vec<_> = scene.receiver.events(&scene.device.id).into_iter().filter(|event| event["data"]["messageId"] == *id).collect();
    assert_eq!(told.iter().map(|event| event["event"].as_str().unwrap()).collect::<Vec<_>>(), ["message_sent", "message_status"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_whatsapp_refuses_is_an_error_and_stays_failed() {
    let mut scene = Scene::with(&[]).await;
    scene.world.faults(&json!({"nackNext": 1})).await;
    let answer = scene.device.send(&scene.world.program, &scene.budi.number, "Refused").await;
    assert_eq!((answer.status, answer.code()), (500, "MESSAGE_SEND_FAILED"), "{:?}", answer.body);
    let record = scene.world.records(&scene.device).await.remove(0);
    assert_eq!((&record["content"], &record["status"], &record["error"]), (&json!("Refused"), &json!("failed"), &json!("refused_503")));
    let id = record["id"].as_str().unwrap();
    let event = scene.wait_for_event(id, "failed").await;
    assert_eq!((&event["event"], &event["data"]["error"]), (&json!("message_status"), &json!("refused_503")));

    scene.world.restart().await;
    scene.world.wait_for_status(&scene.device, "connected").await;
    scene.device.sent(&scene.world.program, &scene.budi.number, "Taken").await;
    scene.budi.wait_for("Taken").await;
    assert_eq!(scene.budi.texts().await, ["Taken"]);
    scene.world.wait_for_message(id, "failed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_in_bad_weather_takes_sends_and_does_them_when_it_clears_up() {
    let mut scene = Scene::with(&[]).await;
    scene.outage().await;
    let before = scene.queue(&["before"]).await;
    scene.world.restart().await;
    let after = scene.queue(&["after"]).await;
    scene.world.wait_for_status(&scene.device, "connecting").await;
    scene.fair_weather().await;
    scene.budi.wait_for("after").await;
    assert_eq!(scene.budi.texts().await, ["before", "after"]);
    for id in before.iter().chain(&after) {
        scene.world.wait_for_message(id, "delivered").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_to_the_device_in_an_outage_comes_in_after_it_once_and_in_order() {
    let scene = Scene::with(&[]).await;
    scene.outage().await;
    let written = ["one", "two", "three"];
    for text in written {
        scene.budi.write(&scene.ani.number, text).await;
    }
    scene.fair_weather().await;
    scene.receiver.wait_for("the last one", |body| body["data"]["message"] == "three").await;
    let events = scene.receiver.events(&scene.device.id).into_iter().filter(|event| event["event"] == "message_received");
    assert_eq!(events.map(|event| event["data"]["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), written);
    assert_eq!(scene.world.records(&scene.device).await.len(), 3);
}
