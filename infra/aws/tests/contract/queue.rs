//! What only queues in SQS have to show: visibility that is extended and given back, messages that come twice, and commands that are due later.

use std::{collections::HashSet, time::Duration};

use aws::{Clients, Queues, Resources};
use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
};
use domain::{
    contract::samples::{envelope, message_id, phone},
    model::{Command, DeviceId, EditMessage, Envelope, Lane},
    ports::{Clock, CommandSink, CommandSource, Received, SystemClock},
};
use futures::future::try_join_all;
use tokio::time::{Instant, timeout};

use crate::stand_in::StandIn;

/// Much shorter than what is out of sight by default.
const SOON: Duration = Duration::from_secs(15);

struct Stage {
    stand_in: StandIn,
    resources: Resources,
}

impl Stage {
    async fn new() -> Self {
        let stand_in = StandIn::find().await;
        let resources = stand_in.stack().await;
        Self { stand_in, resources }
    }

    /// A host's queues.
    fn host(&self) -> Queues {
        Queues::new(&Clients::to(&self.stand_in.url), &self.resources)
    }

    fn sqs(&self) -> Client {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(&self.stand_in.url)
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::for_tests());
        Client::from_conf(config.build())
    }

    fn queue_of(&self, envelope: &Envelope) -> &str {
        &self.resources.command_queues[usize::from(Lane::of(&envelope.device_id, self.resources.lanes()).0)]
    }
}

async fn send(queues: &Queues, names: &[&str]) {
    for name in names {
        let (device, name) = name.split_once('/').unwrap();
        queues.enqueue(&envelope(device, name)).await.unwrap();
    }
}

async fn receive(queues: &Queues, max: usize) -> Vec<Received> {
    timeout(SOON, queues.receive(max)).await.expect("something comes soon").unwrap()
}

async fn receive_all(queues: &Queues, count: usize) -> Vec<Received> {
    let mut received = Vec::new();
    while received.len() < count {
        received.extend(receive(queues, 100).await);
    }
    received
}

async fn acknowledge(queues: &Queues, received: &[Received]) {
    let receipts: Vec<String> = received.iter().map(|received| received.receipt.clone()).collect();
    queues.acknowledge(&receipts).await.unwrap();
}

fn names(received: &[Received]) -> Vec<&str> {
    received.iter().map(|received| received.envelope.id.as_str()).collect()
}

#[tokio::test]
async fn a_long_command_stays_out_of_others_sight() {
    let stage = Stage::new().await;
    let visibility = Duration::from_secs(2);
    let (one, other) = (stage.host().with_visibility(visibility), stage.host());
    send(&one, &["a/1", "a/2"]).await;
    let first = receive(&one, 1).await;
    assert_eq!(names(&first), ["a/1"]);
    assert!(timeout(visibility * 3, other.receive(10)).await.is_err(), "it was handed out while it was in hand");
    acknowledge(&one, &first).await;
    assert_eq!(names(&receive(&one, 10).await), ["a/2"]);
}

#[tokio::test]
async fn what_a_dropped_source_has_not_handed_out_is_anothers_at_once() {
    let stage = Stage::new().await;
    let (one, other) = (stage.host(), stage.host());
    send(&one, &["a/1", "a/2", "a/3"]).await;
    let first = receive(&one, 1).await;
    acknowledge(&one, &first).await;
    drop(one);
    assert_eq!(names(&receive_all(&other, 2).await), ["a/2", "a/3"]);
}

#[tokio::test]
async fn what_is_released_is_anothers_at_once_and_in_order() {
    let stage = Stage::new().await;
    let (one, other) = (stage.host(), stage.host());
    let all: Vec<String> = (0..25).map(|n| format!("a/{n}")).collect();
    send(&one, &all.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let in_hand = receive(&one, 4).await;
    one.release_all().await;
    acknowledge(&one, &in_hand).await;
    assert!(timeout(Duration::from_millis(10), one.receive(10)).await.is_err());
    let mut received = Vec::new();
    while received.len() < 25 {
        let batch = receive(&other, 10).await;
        acknowledge(&other, &batch).await;
        received.extend(batch);
    }
    assert_eq!(names(&received), all);
}

#[tokio::test]
async fn a_poll_that_comes_home_after_a_stop_strands_nothing() {
    let stage = Stage::new().await;
    let (one, other) = (stage.host(), stage.host());
    send(&one, &["a/1"]).await;
    let in_hand = receive(&one, 10).await;
    one.stop();
    // The poll of the one is still out, and older than the other's.
    for round in 0..3 {
        let name = format!("b/{round}");
        send(&other, &[&name]).await;
        let received = receive(&other, 10).await;
        assert_eq!(names(&received), [name]);
        acknowledge(&other, &received).await;
    }
    // What was handed out before is still its own.
    acknowledge(&one, &in_hand).await;
    send(&other, &["a/2"]).await;
    assert_eq!(names(&receive(&other, 10).await), ["a/2"]);
    one.release_all().await;
    timeout(Duration::from_secs(25), one.closed()).await.expect("the last poll comes home");
}

#[tokio::test]
async fn what_is_abandoned_comes_to_another_when_its_time_is_up() {
    let stage = Stage::new().await;
    let visibility = Duration::from_secs(2);
    let (one, other) = (stage.host().with_visibility(visibility), stage.host());
    send(&one, &["a/1"]).await;
    let in_hand = receive(&one, 10).await;
    one.abandon();
    let received = receive(&other, 10).await;
    assert_eq!(names(&received), ["a/1"]);
    acknowledge(&one, &in_hand).await;
    one.retry(&in_hand[0].receipt, Duration::ZERO).await.unwrap();
    one.bury(&in_hand[0].receipt, "late").await.unwrap();
    send(&other, &["a/2"]).await;
    assert!(timeout(visibility, other.receive(10)).await.is_err(), "its former holder has a say in it");
}

#[tokio::test]
async fn a_message_that_sqs_delivers_twice_is_handed_out_once() {
    let stage = Stage::new().await;
    let host = stage.host();
    send(&host, &["a/1"]).await;
    let first = receive(&host, 10).await;
    // SQS has forgotten that it is in hand.
    let queue = stage.queue_of(&first[0].envelope);
    let forgotten = stage.sqs().change_message_visibility().queue_url(queue).receipt_handle(&first[0].receipt).visibility_timeout(0);
    forgotten.send().await.unwrap();
    send(&host, &["b/1", "a/2"]).await;
    assert_eq!(names(&receive(&host, 10).await), ["b/1"]);
    let deadline = Instant::now() + SOON;
    while messages(&stage, queue, "ApproximateNumberOfMessagesNotVisible").await < 1 {
        assert!(Instant::now() < deadline, "it was not received again");
    }
    acknowledge(&host, &first).await;
    assert_eq!(names(&receive(&host, 10).await), ["a/2"]);
}

/// How many messages of a queue are in a state.
async fn messages(stage: &Stage, queue: &str, state: &str) -> u32 {
    let asked = stage.sqs().get_queue_attributes().queue_url(queue).attribute_names(state.into()).send().await.unwrap();
    asked.attributes.unwrap()[&state.into()].parse().unwrap()
}

#[tokio::test]
async fn any_text_and_any_name_arrive_as_they_were_sent() {
    let stage = Stage::new().await;
    let host = stage.host();
    let any = "\u{0}\u{7f}\u{fffe}\u{ffff}\u{1fffe} \"\\ufffe\" \u{6771}\u{1f600}";
    let device_id = DeviceId::parse(format!("\u{6771} {}", "x/".repeat(90))).unwrap();
    let target = EditMessage { id: message_id(1), chat: phone(2), target: message_id(3), text: any.repeat(3_000), mentions: vec![] };
    let sent: Vec<Envelope> = (0..12)
        .map(|n| Envelope { device_id: device_id.clone(), command: Command::Edit(target.clone()), ..envelope("a", &n.to_string()) })
        .collect();
    // More than a request of SQS may hold.
    assert!(serde_json::to_string(&sent).unwrap().len() > 1 << 20);
    try_join_all(sent.iter().map(|envelope| host.enqueue(envelope))).await.unwrap();
    let mut received = Vec::new();
    while received.len() < sent.len() {
        let batch = receive(&host, 100).await;
        acknowledge(&host, &batch).await;
        received.extend(batch.into_iter().map(|received| received.envelope));
    }
    assert!(received == sent);
}

#[tokio::test]
async fn a_source_of_one_lane_has_the_commands_of_that_lane_alone() {
    let stage = Stage::new().await;
    let all = stage.host();
    let names_of_lane = |lane: Lane| {
        (0..20).map(|n| format!("d{n}/1")).filter(move |name| {
            let (device, name) = name.split_once('/').unwrap();
            Lane::of(&envelope(device, name).device_id, 4) == lane
        })
    };
    for lane in Lane::all(4) {
        let sent: Vec<String> = names_of_lane(lane).collect();
        assert!(!sent.is_empty());
        send(&all, &sent.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    for lane in Lane::all(4) {
        let sent: HashSet<String> = names_of_lane(lane).collect();
        let received = receive_all(&all.of_lane(lane), sent.len()).await;
        assert_eq!(names(&received).into_iter().map(str::to_owned).collect::<HashSet<_>>(), sent);
    }
}

#[tokio::test]
async fn a_request_made_again_under_the_id_of_one_that_is_done_goes_through() {
    let stage = Stage::new().await;
    let host = stage.host();
    for _ in 0..2 {
        let now = envelope("a", "1");
        for _ in 0..2 {
            host.enqueue(&now).await.unwrap();
        }
        let received = receive(&host, 10).await;
        assert_eq!(received.iter().map(|received| &received.envelope).collect::<Vec<_>>(), [&now]);
        acknowledge(&host, &received).await;
        // The next is accepted at another time.
        while SystemClock.now() == now.accepted_at {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn what_is_put_aside_lies_in_the_queue_of_the_dead_with_its_reason() {
    let stage = Stage::new().await;
    let host = stage.host();
    send(&host, &["a/1"]).await;
    let received = receive(&host, 10).await;
    host.bury(&received[0].receipt, "it broke\nthree hosts").await.unwrap();
    let dead = stage.sqs().receive_message().queue_url(&stage.resources.dead_commands_queue).message_attribute_names("All");
    let dead = dead.wait_time_seconds(5).send().await.unwrap().messages.unwrap();
    let [dead] = &dead[..] else { panic!("{dead:?}") };
    assert_eq!(serde_json::from_str::<Envelope>(dead.body().unwrap()).unwrap(), received[0].envelope);
    assert_eq!(dead.message_attributes().unwrap()["reason"].string_value(), Some("it brokethree hosts"));
}

#[tokio::test]
async fn a_command_that_cannot_be_read_is_put_aside_in_time_and_holds_up_no_other_group() {
    let stage = Stage::new().await;
    let host = stage.host().with_visibility(Duration::from_secs(1));
    let queue = stage.queue_of(&envelope("a", "1"));
    let strange = stage.sqs().send_message().queue_url(queue).message_group_id("strange").message_deduplication_id("1");
    strange.message_body("{}").send().await.unwrap();
    send(&host, &["a/1"]).await;
    assert_eq!(names(&receive(&host, 10).await), ["a/1"]);
    let dead = stage.sqs().receive_message().queue_url(&stage.resources.dead_commands_queue).wait_time_seconds(20);
    let dead = dead.send().await.unwrap().messages.unwrap();
    assert_eq!(dead[0].body(), Some("{}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_of_a_thousand_arrives_when_it_is_due() {
    let stage = Stage::new().await;
    let host = stage.host();
    let due_at = SystemClock.now() + Duration::from_secs(3);
    let bulk: Vec<Envelope> = (0..1_000).map(|n| Envelope { due_at, ..envelope(&format!("d{}", n % 50), &n.to_string()) }).collect();
    try_join_all(bulk.iter().map(|envelope| host.enqueue(envelope))).await.unwrap();
    let mut arrived = HashSet::new();
    while arrived.len() < bulk.len() {
        let received = timeout(SOON * 4, host.receive(256)).await.expect("all come").unwrap();
        assert!(SystemClock.now() >= due_at);
        acknowledge(&host, &received).await;
        for received in received {
            assert!(arrived.insert(received.envelope.id.clone()), "{} came twice", received.envelope.id);
        }
    }
    assert!(bulk.iter().all(|envelope| arrived.contains(&envelope.id)));
}
