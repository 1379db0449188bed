//! `GET /devices/{id}/deliveries`, `POST /devices/{id}/deliveries/replay`

use serde_json::{Value, json};

use crate::world::{Answering, Device, Phone, Receiver, World, assert_like, eventually, moment};

const DELIVERIES: &str = r#"{
    "success": true,
    "data": {
        "deliveries": [{
            "id": "evt_1",
            "event": "message_sent",
            "seq": 1,
            "chatId": null,
            "timestamp": "2024-01-01T10:00:00Z",
            "status": "failed",
            "attempts": 2,
            "nextAttemptAt": null,
            "failedAt": null,
            "reason": null
        }],
        "pagination": {"page": 1, "limit": 50, "total": 5, "totalPages": 1}
    }
}"#;

/// Ani's device with a webhook for messages that refuses all, and is tried twice.
struct Refused {
    world: World,
    device: Device,
    budi: Phone,
    receiver: Receiver,
}

impl Refused {
    async fn start() -> Self {
        let world = World::with(&[("WEBHOOK_SPEED", "1000")]).await;
        let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
        let receiver = Receiver::start().await;
        receiver.answer(Answering::Status(500));
        let webhook = json!({"url": receiver.url, "events": ["message"], "retryCount": 1});
        let device = world.device_of(json!({"userId": 123, "alias": "Toko", "webhook": webhook})).await;
        world.link(&device, &ani).await;
        Self { world, device, budi, receiver }
    }

    /// Sends a text whose event is given up.
    async fn lose(&self, text: &str) {
        let before = self.total("?status=failed").await;
        self.device.sent(&self.world.program, &self.budi.number, text).await;
        eventually("it is given up", async || (self.total("?status=failed").await > before).then_some(())).await;
    }

    async fn list(&self, query: &str) -> Value {
        let got = self.world.program.get(&format!("/devices/{}/deliveries{query}", self.device.id)).await;
        assert_eq!(got.status, 200, "{:?}", got.body);
        got.body
    }

    async fn total(&self, query: &str) -> u64 {
        self.list(query).await["data"]["pagination"]["total"].as_u64().unwrap()
    }

    /// Answers how many are told once more.
    async fn replay(&self, body: Value) -> Value {
        let done = self.world.program.post(&format!("/devices/{}/deliveries/replay", self.device.id), &body).await;
        assert_eq!(done.status, 200, "{body}: {:?}", done.body);
        done.body["data"]["replayed"].clone()
    }

    fn told(&self) -> Vec<String> {
        self.receiver.taken().iter().map(|taken| taken.body["data"]["message"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_webhook_does_not_take_is_listed_newest_first_with_the_reason() {
    let lost = Refused::start().await;
    for text in ["one", "two", "three"] {
        lost.lose(text).await;
    }
    let all = lost.list("").await;
    assert_like(&all, DELIVERIES);
    let items = all["data"]["deliveries"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert!(items.windows(2).all(|pair| pair[0]["seq"].as_u64() > pair[1]["seq"].as_u64()), "{items:#?}");
    for item in items {
        assert_eq!((&item["status"], &item["attempts"], &item["reason"]), (&json!("failed"), &json!(2), &json!("status_500")));
        assert_eq!((&item["event"], &item["nextAttemptAt"]), (&json!("message_sent"), &Value::Null));
        assert_eq!(item["chatId"], lost.budi.jid());
        assert!(moment(&item["failedAt"]) >= moment(&item["timestamp"]));
    }
    let first = lost.list("?status=failed&limit=2").await;
    let cursor = first["data"]["pagination"]["nextCursor"].as_str().unwrap();
    let rest = lost.list(&format!("?status=failed&limit=2&cursor={cursor}")).await;
    assert_eq!(rest["data"]["deliveries"], json!([items[2]]));
    assert_eq!(lost.list("?limit=2&page=2").await["data"]["deliveries"], json!([items[2]]));
    assert_eq!(lost.total("?status=pending").await, 0);

    // One that waits says when it is tried next.
    let path = format!("/devices/{}/settings/webhook", lost.device.id);
    assert_eq!(lost.world.program.put(&path, &json!({"retryCount": 1000})).await.status, 200);
    lost.device.sent(&lost.world.program, &lost.budi.number, "waits").await;
    let waits = eventually("a try failed", async || {
        let waits = lost.list("?status=pending").await["data"]["deliveries"][0].clone();
        (waits["attempts"].as_u64() > Some(0)).then_some(waits)
    })
    .await;
    moment(&waits["nextAttemptAt"]);
    assert_eq!((&waits["failedAt"], &waits["reason"]), (&Value::Null, &json!("status_500")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_is_replayed_by_id_and_by_time() {
    let lost = Refused::start().await;
    for text in ["one", "two", "three", "four"] {
        lost.lose(text).await;
    }
    lost.receiver.answer(Answering::Ok);
    let all = lost.list("").await["data"]["deliveries"].clone();
    let (id, from, to) = (&all[3]["id"], &all[2]["timestamp"], &all[1]["timestamp"]);
    assert_eq!(lost.replay(json!({"ids": [id, "evt_unknown"]})).await, 1);
    lost.receiver.wait_for("the first", |body| body["data"]["message"] == "one").await;
    assert_eq!(lost.replay(json!({"since": from, "until": to})).await, 2);
    lost.receiver.wait_for("the third", |body| body["data"]["message"] == "three").await;
    assert_eq!(lost.told(), ["one", "two", "three"]);
    assert_eq!(lost.receiver.taken()[0].body["id"], *id, "the same event");
    assert_eq!(lost.replay(json!({"since": "2024-01-01"})).await, 1);
    lost.receiver.wait_for("the last", |body| body["data"]["message"] == "four").await;
    eventually("nothing is left", async || (lost.total("").await == 0).then_some(())).await;

    // What arrived can be told once more, too: the receiver may have lost it.
    assert_eq!(lost.replay(json!({"ids": [id]})).await, 1);
    eventually("it is told again", async || (lost.told().len() == 5).then_some(())).await;
    assert_eq!(lost.told()[4], "one");
    assert_eq!(lost.replay(json!({"since": "2024-01-01", "until": "2024-12-31"})).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_makes_no_sense_is_refused() {
    let world = World::new().await;
    let device = world.device_of(json!({"userId": 123, "alias": "Toko", "webhook": {"url": "http://127.0.0.1:9/"}})).await;
    let path = format!("/devices/{}/deliveries", device.id);
    for body in [
        json!({}),
        json!({"until": "2024-01-01"}),
        json!({"ids": ["evt_1"], "since": "2024-01-01"}),
        json!({"ids": "evt_1"}),
        json!({"ids": [1]}),
        json!({"ids": vec!["evt_1"; 1001]}),
        json!({"since": "yesterday"}),
    ] {
        let refused = world.program.post(&format!("{path}/replay"), &body).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{body}");
    }
    for query in ["?status=lost", "?limit=0", "?limit=201", "?page=0", "?cursor=%20"] {
        let refused = world.program.get(&format!("{path}{query}")).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{query}");
    }
    let without = world.device("Kios").await;
    let refused = world.program.post(&format!("/devices/{}/deliveries/replay", without.id), &json!({"since": "2024-01-01"})).await;
    assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "nobody is there to be told");
}
