//! `POST /send`

use std::time::{Duration, Instant};

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::world::{Answer, Device, Phone, TOKEN, World, answer, assert_like, eventually, is_split, moment};

const REQUEST: &str = r#"{
    "sessionId": "user_123_device_my_device",
    "recipient": "1234567890@s.whatsapp.net",
    "message": "Hello from WhatsApp API!",
    "options": {
        "quoted": false,
        "linkPreview": true,
        "delay": 0
    }
}"#;

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Message sent successfully",
    "data": {
        "messageId": "msg_123456789",
        "recipient": "1234567890@s.whatsapp.net",
        "timestamp": "2024-01-01T10:00:00Z",
        "status": "sent",
        "messageType": "text"
    }
}"#;

/// Ani's device and Budi's phone.
async fn linked() -> (World, Device, Phone, Phone) {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let device = world.linked("My Device", &ani).await;
    (world, device, ani, budi)
}

async fn with_key(world: &World, device: &Device, to: &str, text: &str, key: &str) -> Answer {
    answer(device.request(&world.program, to, text).header("idempotency-key", key)).await
}

async fn with_options(world: &World, device: &Device, to: &str, text: &str, options: Value) -> Answer {
    let body = json!({"sessionId": device.session_id, "recipient": to, "message": text, "options": options});
    world.program.post("/send", &body).await
}

fn id(answer: &Answer) -> String {
    answer.body["data"]["messageId"].as_str().unwrap_or_else(|| panic!("{:?}", answer.body)).to_owned()
}

/// Fails unless the request is refused because of this field.
fn assert_refused(answer: &Answer, field: &str) {
    assert_eq!((answer.status, answer.code()), (400, "VALIDATION_ERROR"), "{field}: {:?}", answer.body);
    let details = answer.body["error"]["details"].as_str().unwrap();
    assert!(details.starts_with(&format!("{field}: ")), "{details}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_example_sends_a_text() {
    let world = World::new().await;
    let (ani, friend) = (world.phone("6281100000001", "Ani").await, world.phone("1234567890", "Friend").await);
    world.linked("My Device", &ani).await;
    let request = world.program.request(Method::POST, "/send").header("content-type", "application/json").body(REQUEST);
    let sent = answer(request).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    assert_like(&sent.body, RESPONSE);
    let data = &sent.body["data"];
    assert_eq!((&data["recipient"], &data["status"], &data["messageType"]), (&json!(friend.jid()), &json!("sent"), &json!("text")));
    assert_eq!(sent.body["message"], "Message sent successfully");
    let got = friend.wait_for("Hello from WhatsApp API!").await;
    assert_eq!((&got["id"], &got["from"], &got["quotedId"]), (&data["messageId"], &json!(ani.jid()), &Value::Null));
    let record = world.wait_for_message(data["messageId"].as_str().unwrap(), "delivered").await;
    assert_eq!(record["timestamp"], data["timestamp"], "the answer and the record tell one moment");
    moment(&data["timestamp"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_text_arrives_as_it_is() {
    let (world, device, _ani, budi) = linked().await;
    let long = "é".repeat(65_536);
    for text in
        ["x", "👩‍👩‍👧‍👦 Halo *dunia*", "line\nbreak\r\n\ttab", "\"quotes\" \\ </script>", "مرحبا 你好", " spaces around ", "a\u{0}b", &long]
    {
        device.sent(&world.program, &budi.number, text).await;
        budi.wait_for(text).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_cannot_be_sent_is_refused_by_its_field() {
    let (world, device, _ani, budi) = linked().await;
    let body = |field: &str, value: Value| {
        let mut body = json!({"sessionId": device.session_id, "recipient": budi.number, "message": "x"});
        body[field] = value;
        body
    };
    for (field, value) in [
        ("message", json!("")),
        ("message", json!(" \n\t ")),
        ("message", json!("x".repeat(65_537))),
        ("message", json!(7)),
        ("message", json!(null)),
        ("message", json!({"text": "x"})),
        ("recipient", json!(6_281_100_000_002_u64)),
        ("recipient", json!([budi.number])),
        ("sessionId", json!(123)),
        ("options", json!("fast")),
        ("options", json!([1])),
        ("options", json!(true)),
    ] {
        assert_refused(&world.program.post("/send", &body(field, value)).await, field);
    }
    for (field, value) in [
        ("quoted", json!(true)),
        ("quoted", json!(1)),
        ("quoted", json!("UNKNOWN")),
        ("quoted", json!("")),
        ("linkPreview", json!("yes")),
        ("delay", json!(-1)),
        ("delay", json!("5")),
        ("delay", json!(1.5)),
        ("delay", json!(3_600_001)),
    ] {
        assert_refused(&with_options(&world, &device, &budi.number, "x", json!({field: value})).await, &format!("options.{field}"));
    }
    for session in ["user_123_device_unknown", "", " ", &"x".repeat(300), &device.id] {
        let unknown = world.program.post("/send", &body("sessionId", json!(session))).await;
        assert_eq!((unknown.status, unknown.code()), (404, "DEVICE_NOT_FOUND"), "{session}");
    }
    assert!(budi.inbox().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_is_not_connected_takes_nothing() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let device = world.device("Toko").await;
    let path = format!("/devices/{}", device.id);
    let refused_as = async |code: (u16, &str), what: &str| {
        for request in [
            device.request(&world.program, &budi.number, "x"),
            device.request(&world.program, &budi.number, "x").header("prefer", "respond-async").header("idempotency-key", "fresh"),
        ] {
            let answer = answer(request).await;
            assert_eq!((answer.status, answer.code()), code, "{what}");
        }
    };
    let refused = async |what: &str| refused_as((400, "DEVICE_NOT_CONNECTED"), what).await;
    refused("never connected").await;

    world.program.post(&format!("{path}/connect"), &json!({})).await;
    refused("connecting").await;
    assert_eq!(world.program.get(&format!("{path}/qr")).await.status, 200);
    refused("waiting for a scan").await;

    let companion = world.link(&device, &ani).await;
    device.sent(&world.program, &budi.number, "connected").await;
    world.program.post(&format!("{path}/disconnect"), &json!({})).await;
    refused("disconnected").await;

    world.program.post(&format!("{path}/connect"), &json!({})).await;
    world.wait_for_status(&device, "connected").await;
    device.sent(&world.program, &budi.number, "connected again").await;
    ani.unlink(companion).await;
    world.wait_for_status(&device, "disconnected").await;
    refused_as((401, "SESSION_EXPIRED"), "logged out by the phone").await;
    assert_eq!(budi.texts().await, ["connected", "connected again"]);
    assert_eq!(world.records(&device).await.len(), 2, "what was refused left no record");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_of_a_persons_address_reaches_them() {
    let (world, device, _ani, budi) = linked().await;
    for (n, form) in [
        "6281100000002",
        "+6281100000002",
        "+62 811-0000-0002",
        " 62 (811) 0000.0002 ",
        "6281100000002@s.whatsapp.net",
        "+6281100000002@s.whatsapp.net",
        "6281100000002@c.us",
        "6281100000002:12@s.whatsapp.net",
    ]
    .into_iter()
    .enumerate()
    {
        let sent = device.send(&world.program, form, &format!("text {n}")).await;
        assert_eq!((sent.status, &sent.body["data"]["recipient"]), (200, &json!(budi.jid())), "{form}: {:?}", sent.body);
        budi.wait_for(&format!("text {n}")).await;
    }
    let sent = device.send(&world.program, &budi.lid, "to the hidden id").await;
    // One person is one chat: by now it is known who is behind the hidden id.
    assert_eq!((sent.status, &sent.body["data"]["recipient"]), (200, &json!(budi.jid())), "{:?}", sent.body);
    budi.wait_for("to the hidden id").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_address_is_an_invalid_phone_number() {
    let (world, device, _ani, _budi) = linked().await;
    for recipient in [
        "",
        " ",
        "hello",
        "0811000000",
        "123456",
        "+",
        "+62abc8110000",
        "1234567890123456",
        "６２８１１００００００２",
        "@s.whatsapp.net",
        "6281100000002@",
        "6281100000002@example.com",
        "6281100000002@s.whatsapp.net@s.whatsapp.net",
        "628110000000x@c.us",
        "group@g.us",
        "-@g.us",
        "status@broadcast",
        "12345@broadcast",
        "6281100000002, 6281100000003",
    ] {
        let refused = device.send(&world.program, recipient, "x").await;
        assert_eq!((refused.status, refused.code()), (400, "INVALID_PHONE_NUMBER"), "{recipient:?}");
    }
    for recipient in ["120363023345678901@g.us", "6281100000001-1500000000@g.us", "120363000000000001@newsletter"] {
        let body = json!({"sessionId": device.session_id, "recipient": recipient, "message": "x", "options": {"delay": 3_600_000}});
        let taken = world.program.post("/send", &body).await;
        assert_eq!((taken.status, &taken.body["data"]["recipient"]), (202, &json!(recipient)), "{:?}", taken.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_not_on_whatsapp_is_told_and_holds_nobody_up() {
    let (world, device, _ani, budi) = linked().await;
    let failed = device.send(&world.program, "6289999999999", "anybody there?").await;
    assert_eq!((failed.status, failed.code()), (500, "MESSAGE_SEND_FAILED"), "{:?}", failed.body);
    assert!(failed.body["error"]["details"].is_string());
    device.sent(&world.program, &budi.number, "next").await;
    assert_eq!(world.records(&device).await.iter().filter(|message| message["status"] == "failed").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_whatsapp_refuses_failed_and_its_repetition_says_so_too() {
    let (world, device, _ani, budi) = linked().await;
    world.faults(&json!({"nackNext": 1})).await;
    let failed = with_key(&world, &device, &budi.number, "refused", "k").await;
    assert_eq!((failed.status, failed.code()), (500, "MESSAGE_SEND_FAILED"), "{:?}", failed.body);
    assert_eq!(failed.body["error"]["details"], "refused_503");
    let record = world.records(&device).await.remove(0);
    assert_eq!((&record["status"], &record["error"]), (&json!("failed"), &json!("refused_503")));
    let again = with_key(&world, &device, &budi.number, "refused", "k").await;
    for field in ["code", "message", "details"] {
        assert_eq!(again.body["error"][field], failed.body["error"][field]);
    }
    assert_eq!(again.status, 500);
    let fresh = with_key(&world, &device, &budi.number, "taken", "another key").await;
    assert_eq!(fresh.status, 200);
    budi.wait_for("taken").await;
    assert_eq!(budi.texts().await, ["taken"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_requests_at_once_with_one_key_send_one_message_and_answer_alike() {
    let (world, device, _ani, budi) = linked().await;
    let answers = join_all((0..20).map(|n| with_key(&world, &device, "6281100000002", if n % 2 == 0 { "a" } else { "b" }, "one"))).await;
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body), "{answers:#?}");
    let ids: Vec<_> = budi.inbox().await.iter().map(|message| message["id"].clone()).collect();
    assert_eq!(ids, [json!(id(&answers[0]))]);
    assert_eq!(world.records(&device).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_is_answered_with_its_first_message_whatever_happened_since() {
    let (mut world, device, ani, budi) = linked().await;
    let first = with_key(&world, &device, &budi.number, "once", "order 7/é").await;
    assert_eq!(first.code(), "VALIDATION_ERROR", "printable ASCII alone");
    let key = "order 7/~ !";
    let first = with_key(&world, &device, &budi.number, "once", key).await;
    assert_eq!(first.status, 200);
    budi.read(&ani.jid()).await;
    world.wait_for_message(&id(&first), "read").await;
    let path = format!("/devices/{}", device.id);
    for what in ["read", "disconnected", "restarted", "connected again"] {
        match what {
            "disconnected" => assert_eq!(world.program.post(&format!("{path}/disconnect"), &json!({})).await.status, 200),
            "restarted" => world.restart().await,
            "connected again" => {
                world.program.post(&format!("{path}/connect"), &json!({})).await;
                world.wait_for_status(&device, "connected").await;
            }
            _ => {}
        }
        let again = with_key(&world, &device, &budi.number, "once", key).await;
        assert_eq!((again.status, &again.body), (200, &first.body), "{what}");
    }
    assert_eq!(budi.texts().await, ["once"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_its_devices_own_and_short_printable_text() {
    let (world, device, ani, budi) = linked().await;
    let other = world.linked("Other", &ani).await;
    let (one, two) =
        (with_key(&world, &device, &budi.number, "one", "key").await, with_key(&world, &other, &budi.number, "two", "key").await);
    assert_ne!(id(&one), id(&two));
    let without = [device.sent(&world.program, &budi.number, "same").await, device.sent(&world.program, &budi.number, "same").await];
    assert_ne!(without[0], without[1]);
    for key in ["", &"x".repeat(201), "tab\tbed"] {
        assert_refused(&with_key(&world, &device, &budi.number, "x", key).await, "Idempotency-Key");
    }
    assert_eq!(with_key(&world, &device, &budi.number, "x", &"x".repeat(200)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_prefers_not_to_wait_is_answered_at_once() {
    let (world, device, _ani, budi) = linked().await;
    world.faults(&json!({"ackDelayMs": 300})).await;
    for prefer in ["respond-async", "Respond-Async", "wait=5, respond-async"] {
        let taken = answer(device.request(&world.program, &budi.number, prefer).header("prefer", prefer)).await;
        assert_eq!((taken.status, &taken.body["data"]["status"]), (202, &json!("pending")), "{prefer}: {:?}", taken.body);
        assert_eq!(taken.body["message"], "Message accepted");
        assert_like(&taken.body, RESPONSE);
        world.wait_for_message(&id(&taken), "delivered").await;
        budi.wait_for(prefer).await;
    }
    let waited = answer(device.request(&world.program, &budi.number, "x").header("prefer", "wait=5")).await;
    assert_eq!(waited.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_whatsapp_longer_than_the_wait_is_pending_under_the_same_id() {
    let world = World::with(&[("SEND_WAIT_MS", "100")]).await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let device = world.linked("Toko", &ani).await;
    // With his phone off, no receipt tells that the message was taken before WhatsApp says so.
    budi.power(false).await;
    world.faults(&json!({"ackDelayMs": 1500})).await;
    for key in [None, Some("key")] {
        let mut request = device.request(&world.program, &budi.number, "slow");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let taken = answer(request).await;
        assert_eq!((taken.status, &taken.body["data"]["status"]), (202, &json!("pending")), "{:?}", taken.body);
        world.wait_for_message(&id(&taken), "sent").await;
        if let Some(key) = key {
            let again = with_key(&world, &device, &budi.number, "slow", key).await;
            assert_eq!((again.status, &again.body["data"]["status"], id(&again)), (200, &json!("sent"), id(&taken)));
        }
    }
    budi.power(true).await;
    eventually("both have arrived", async || (budi.texts().await == ["slow", "slow"]).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_named_a_text_names_nothing_else() {
    let (world, device, _ani, budi) = linked().await;
    id(&with_key(&world, &device, &budi.number, "first", "key").await);
    let place = json!({"sessionId": device.session_id, "recipient": budi.number, "latitude": 1, "longitude": 2});
    let place = world.program.request(Method::POST, "/send/location").header("idempotency-key", "key").json(&place);
    assert_refused(&answer(place).await, "Idempotency-Key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delay_holds_one_message_back_and_no_other() {
    let (world, device, _ani, budi) = linked().await;
    let asked = Instant::now();
    let later = with_options(&world, &device, &budi.number, "later", json!({"delay": 1200})).await;
    assert_eq!((later.status, &later.body["data"]["status"]), (202, &json!("pending")), "{:?}", later.body);
    device.sent(&world.program, &budi.number, "now").await;
    assert!(asked.elapsed() < Duration::from_millis(1200), "too slow a machine for this test");
    budi.wait_for("later").await;
    assert!(asked.elapsed() >= Duration::from_millis(1200));
    assert_eq!(budi.texts().await, ["now", "later"]);
    world.wait_for_message(&id(&later), "delivered").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delayed_message_survives_a_restart() {
    let (mut world, device, _ani, budi) = linked().await;
    let later = with_options(&world, &device, &budi.number, "later", json!({"delay": 1000})).await;
    world.restart().await;
    world.wait_for_message(&id(&later), "delivered").await;
    assert_eq!(budi.texts().await, ["later"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quoted_message_is_shown_as_quoted() {
    let (world, device, ani, budi) = linked().await;
    let question = budi.write(&ani.number, "open on Sunday?").await;
    world.wait_for_message(&question, "delivered").await;
    let reply = with_options(&world, &device, &budi.number, "yes", json!({"quoted": question})).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    assert_eq!(budi.wait_for("yes").await["quotedId"], question);
    let record = world.wait_for_message(&id(&reply), "delivered").await;
    let quoted = json!({"messageId": question, "from": budi.jid(), "fromMe": false, "content": "open on Sunday?"});
    assert_eq!(record["metadata"]["quoted"], quoted);

    let own = with_options(&world, &device, &budi.number, "until five", json!({"quoted": id(&reply)})).await;
    assert_eq!(own.status, 200, "{:?}", own.body);
    assert_eq!(budi.wait_for("until five").await["quotedId"], id(&reply));

    let citra = world.phone("6281100000003", "Citra").await;
    let other = world.linked("Other", &citra).await;
    assert_refused(&with_options(&world, &other, &ani.number, "x", json!({"quoted": id(&own)})).await, "options.quoted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn options_may_be_anything_that_means_none() {
    let (world, device, _ani, budi) = linked().await;
    for (n, options) in [
        json!([]),
        json!({}),
        json!(null),
        json!({"quoted": null}),
        json!({"quoted": false, "linkPreview": false, "delay": 0, "delay_ms": 1, "deep": {"er": []}}),
        json!({"delay": null, "linkPreview": null}),
    ]
    .into_iter()
    .enumerate()
    {
        let sent = with_options(&world, &device, &budi.number, &format!("{n}"), options.clone()).await;
        assert_eq!(sent.status, 200, "{options}: {:?}", sent.body);
        assert_eq!(budi.wait_for(&format!("{n}")).await["quotedId"], Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn php_sends_as_its_stream_wrapper_does() {
    let (world, device, _ani, budi) = linked().await;
    let (address, path) = world.program.api.strip_prefix("http://").unwrap().split_once('/').unwrap();
    // `json_encode` escapes slashes and everything beyond ASCII, and writes an empty array as a list.
    let body = format!(
        r#"{{"sessionId":"{}","recipient":"{}","message":"Hello from PHP API! \/ \ud83d\ude80","options":[]}}"#,
        device.session_id, budi.number
    );
    for version in ["1.0", "1.1"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "POST /{path}/send HTTP/{version}\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\
             Content-Type: application/json\r\nX-API-Token: {TOKEN}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        // API Gateway speaks HTTP/1.1 to whoever asks.
        let spoken = if is_split() { "1.1" } else { version };
        assert!(head.starts_with(&format!("HTTP/{spoken} 200")), "{head}");
        let body: Value = serde_json::from_str(body).expect("one piece of JSON, no chunks");
        assert_like(&body, RESPONSE);
    }
    assert_eq!(budi.wait_for("Hello from PHP API! / 🚀").await["from"], "6281100000001@s.whatsapp.net");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_whatsapp_does_not_know_fails_and_holds_nobody_up() {
    let (world, device, _ani, budi) = linked().await;
    for recipient in ["120363023345678901@g.us", "120363000000000001@newsletter", "999999999999999@lid"] {
        let lost = device.queued(&world.program, recipient, "x").await;
        device.sent(&world.program, &budi.number, "next").await;
        let record = world.wait_for_message(&lost, "failed").await;
        assert_eq!((&record["chatId"], record["error"].is_string()), (&json!(recipient), true), "{record}");
    }
}
