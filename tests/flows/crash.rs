//! Crashes: whatever was accepted before one reaches the phone after it, once, and everything that happened is told.

use std::{collections::BTreeMap, future::pending, sync::Mutex, time::Duration};

use serde_json::{Value, json};

use crate::{
    one_machine_only,
    world::{Device, Phone, Receiver, World, attempt, eventually},
};

/// More rounds of requests than any crash needs.
const ROUNDS: usize = 50;

/// A linked device with a webhook, and somebody to write to who writes back.
struct Conversation {
    world: World,
    device: Device,
    ani: Phone,
    budi: Phone,
    receiver: Receiver,
    /// Every text that was asked to be sent, each under its own idempotency key, with the id it was accepted under.
    asked: Mutex<BTreeMap<String, Option<String>>>,
}

impl Conversation {
    async fn start() -> Self {
        let world = World::new().await;
        let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
        let receiver = Receiver::start().await;
        let device = world.device_of(json!({"userId": 123, "alias": "Toko", "webhook": {"url": receiver.url}})).await;
        world.link(&device, &ani).await;
        Self { world, device, ani, budi, receiver, asked: Mutex::default() }
    }

    /// Asks to send a text; answers whether the program lived to answer.
    async fn ask(&self, text: &str, prefer: &str) -> bool {
        self.asked.lock().unwrap().entry(text.to_owned()).or_default();
        let request = self.device.request(&self.world.program, &self.budi.number, text);
        let Ok(answer) = attempt(request.header("idempotency-key", text).header("prefer", prefer)).await else { return false };
        assert!([200, 202].contains(&answer.status), "{:?}", answer.body);
        let id = answer.body["data"]["messageId"].as_str().unwrap().to_owned();
        let first = self.asked.lock().unwrap().insert(text.to_owned(), Some(id.clone())).flatten();
        assert!(first.is_none_or(|first| first == id), "the repeated request for {text:?} was taken for another one");
        true
    }

    /// Asks and writes back until the program dies of it. A function has nothing to answer then until the next host is there.
    async fn talk_to_death(&self) {
        tokio::select! {
            () = self.world.program.wait() => {}
            () = self.talk() => panic!("the program lives on"),
        }
    }

    async fn talk(&self) {
        for round in 0..ROUNDS {
            let texts: Vec<_> = (0..3).map(|line| format!("ask {round}.{line}")).collect();
            let asks = texts.iter().map(|text| self.ask(text, "wait"));
            let reply = format!("reply {round}");
            let write = self.budi.write(&self.ani.number, &reply);
            let (answered, _) = tokio::join!(futures::future::join_all(asks), write);
            if answered.contains(&false) {
                // Its end is about to be seen.
                return pending().await;
            }
        }
    }

    /// Everybody who got no answer asks again. Then every text has arrived once, under the id it was accepted under, and both the records and
    /// the webhook tell the truth of it.
    async fn settle(&self) {
        let unanswered: Vec<_> = {
            let asked = self.asked.lock().unwrap();
            asked.iter().filter(|(_, id)| id.is_none()).map(|(text, _)| text.clone()).collect()
        };
        for text in &unanswered {
            assert!(self.ask(text, "respond-async").await);
        }
        let repeated = self.asked.lock().unwrap().keys().next().cloned().unwrap();
        assert!(self.ask(&repeated, "respond-async").await);

        let asked: BTreeMap<String, String> =
            self.asked.lock().unwrap().iter().map(|(text, id)| (text.clone(), id.clone().unwrap())).collect();
        for text in asked.keys() {
            self.budi.wait_for(text).await;
        }
        // The library acknowledges ticks before they are stored, so a crash may swallow the second one. The next tick brings the truth.
        self.budi.read(&self.ani.number).await;
        for id in asked.values() {
            self.world.wait_for_message(id, "read").await;
        }
        let inbox = self.budi.inbox().await;
        let arrived: Vec<_> = inbox.iter().map(|message| (text_of(&message["text"]), text_of(&message["id"]))).collect();
        assert_eq!(sorted(arrived), asked.clone().into_iter().collect::<Vec<_>>(), "at the phone, each once");

        let written = self.budi.messages().await.into_iter().filter(|message| message["from"] == *self.budi.jid());
        let written = sorted(written.map(|message| (text_of(&message["text"]), text_of(&message["id"]))).collect());
        let records = eventually("every text written to the device is stored", async || {
            let records = self.world.records(&self.device).await;
            (records.len() == asked.len() + written.len()).then_some(records)
        })
        .await;
        let kept = |direction: &str| {
            let kept = records.iter().filter(|record| record["direction"] == *direction);
            sorted(kept.map(|record| (text_of(&record["content"]), text_of(&record["id"]))).collect())
        };
        assert_eq!(kept("outgoing"), asked.clone().into_iter().collect::<Vec<_>>());
        assert_eq!(kept("incoming"), written);

        let mut expected = Vec::new();
        for id in asked.values() {
            expected.push((id.clone(), "message_sent:sent".to_owned()));
            expected.push((id.clone(), "message_status:read".to_owned()));
        }
        expected.extend(written.iter().map(|(_, id)| (id.clone(), "message_received:delivered".to_owned())));
        self.receiver.all_events(&self.device.id).await;
        let told = eventually("the webhook was told everything", async || {
            let told: Vec<_> = self.receiver.events(&self.device.id).iter().filter_map(of_message).collect();
            expected.iter().all(|event| told.contains(event)).then_some(told)
        })
        .await;
        let second_tick = |event: &&(String, String)| event.1 == "message_status:delivered";
        let (second_ticks, told): (Vec<_>, Vec<_>) = told.iter().partition(second_tick);
        assert_eq!(sorted(told), sorted(expected.iter().collect()), "told, each once");
        assert!(second_ticks.iter().all(|tick| second_ticks.iter().filter(|other| other == &tick).count() == 1));
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}

/// The message that an event is about, and what it says of it.
fn of_message(event: &Value) -> Option<(String, String)> {
    let id = event["data"]["messageId"].as_str()?;
    Some((id.to_owned(), format!("{}:{}", text_of(&event["event"]), text_of(&event["data"]["status"]))))
}

/// Lets the program die at a step with work waiting for it and coming in from both directions.
async fn survives_a_crash_at(step: &str) {
    let mut talk = Conversation::start().await;
    talk.world.faults(&json!({"refuseConnections": true, "dropConnections": true})).await;
    talk.world.wait_for_status(&talk.device, "connecting").await;
    let waiting = ["waits 1", "waits 2", "waits 3"];
    for text in waiting {
        assert!(talk.ask(text, "respond-async").await);
    }
    talk.budi.write(&talk.ani.number, "waits too").await;
    talk.world.crash().await;
    talk.world.faults(&json!({"refuseConnections": false})).await;
    if talk.world.launch_with(&[("CRASH_AT", step)]).await {
        talk.talk_to_death().await;
    }
    talk.world.start().await;
    talk.settle().await;
    let texts = talk.budi.texts().await;
    assert_eq!(
        texts.iter().filter(|text| waiting.contains(&text.as_str())).collect::<Vec<_>>(),
        waiting,
        "in the order they were asked for"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_a_crash_before_a_message_is_recorded() {
    one_machine_only!("functions do this, and have no steps to die at: flows::faults takes their queue away instead");
    survives_a_crash_at("accept/before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_a_crash_after_a_message_is_recorded() {
    one_machine_only!("functions do this, and have no steps to die at: flows::faults takes their queue away instead");
    survives_a_crash_at("accept/after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_a_crash_before_a_command_is_queued() {
    one_machine_only!("functions do this, and have no steps to die at: flows::faults takes their queue away instead");
    survives_a_crash_at("enqueue/before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_a_crash_after_a_command_is_queued() {
    one_machine_only!("functions do this, and have no steps to die at: flows::faults takes their queue away instead");
    survives_a_crash_at("enqueue/after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_a_crash_before_commands_are_handed_out() {
    survives_a_crash_at("receive/before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_a_crash_after_commands_are_handed_out() {
    survives_a_crash_at("receive/after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_a_crash_between_a_send_and_the_storing_of_its_outcome() {
    survives_a_crash_at("sent/before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_a_crash_after_the_outcome_of_a_send_is_stored() {
    survives_a_crash_at("sent/after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_a_crash_before_a_received_message_is_stored() {
    survives_a_crash_at("received/before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_a_crash_after_a_received_message_is_stored() {
    survives_a_crash_at("received/after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_a_crash_before_a_command_is_acknowledged() {
    survives_a_crash_at("acknowledge/before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_a_crash_after_a_command_is_acknowledged() {
    survives_a_crash_at("acknowledge/after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_a_crash_between_a_webhooks_answer_and_its_mark() {
    survives_a_crash_at("delivered/before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_a_crash_after_a_delivery_is_marked() {
    survives_a_crash_at("delivered/after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_a_send_and_whatsapps_answer_sends_the_same_message_again() {
    let mut talk = Conversation::start().await;
    // No acknowledgement, and nobody there who could acknowledge by a receipt.
    talk.world.faults(&json!({"ackDelayMs": 3_600_000})).await;
    talk.budi.power(false).await;
    assert!(talk.ask("On its way", "respond-async").await);
    talk.ani.wait_for("On its way").await;
    talk.world.crash().await;
    talk.world.faults(&json!({"ackDelayMs": 0})).await;
    talk.world.start().await;
    let id = talk.asked.lock().unwrap()["On its way"].clone().unwrap();
    talk.world.wait_for_message(&id, "sent").await;
    talk.budi.power(true).await;
    talk.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_kills_at_random_moments_under_traffic() {
    let mut talk = Conversation::start().await;
    for round in 0..6 {
        let moment = Duration::from_millis(rand::random_range(50..900));
        let traffic = async {
            let ask = async |line: &str, prefer| {
                for turn in 0.. {
                    talk.ask(&format!("ask {line}{round}.{turn}"), prefer).await;
                }
            };
            let write = async {
                for turn in 0.. {
                    talk.budi.write(&talk.ani.number, &format!("reply {round}.{turn}")).await;
                    talk.world.records(&talk.device).await;
                }
            };
            tokio::join!(ask("a", "wait"), ask("b", "wait"), ask("c", "respond-async"), write)
        };
        let ended = tokio::time::timeout(moment, traffic).await;
        assert!(ended.is_err());
        eprintln!("killed after {moment:?}");
        talk.world.crash().await;
        talk.world.start().await;
    }
    talk.settle().await;
}
