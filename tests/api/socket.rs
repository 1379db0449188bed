//! The WebSocket

use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, Message},
};

use crate::world::{Device, Socket, TOKEN, World, answer, assert_like, eventually, http, is_refusal, is_split, moment};

/// The contract's event types, each with what it adds to them.
const FRAMES: [(&str, &str); 5] = [
    (
        "qr_code",
        r#"{
            "type": "qr_code",
            "deviceId": "123",
            "data": {
                "qr": "QR_CODE_DATA_HERE",
                "qrImage": "data:image/png;base64,..."
            }
        }"#,
    ),
    (
        "connection_update",
        r#"{
            "type": "connection_update",
            "deviceId": "123",
            "data": {
                "status": "connected",
                "phoneNumber": "+1234567890"
            }
        }"#,
    ),
    (
        "message_received",
        r#"{
            "type": "message_received",
            "deviceId": "123",
            "data": {
                "from": "+1234567890",
                "message": "Hello!",
                "timestamp": "2024-01-01T10:00:00Z"
            }
        }"#,
    ),
    // The contract's webhook handlers read `to`, `status` and `message`.
    (
        "message_sent",
        r#"{
            "type": "message_sent",
            "deviceId": "123",
            "data": {
                "to": "+1234567890",
                "status": "sent",
                "message": "Hello!",
                "timestamp": "2024-01-01T10:00:00Z"
            }
        }"#,
    ),
    (
        "message_status",
        r#"{
            "type": "message_status",
            "deviceId": "123",
            "data": {
                "messageId": "msg_123456789",
                "chatId": "1234567890@s.whatsapp.net",
                "status": "delivered",
                "timestamp": "2024-01-01T10:00:00Z"
            }
        }"#,
    ),
];

/// The WebSocket on the API's own port.
fn beside_the_api(world: &World) -> String {
    format!("{}/ws", world.program.api.strip_suffix("/api/whatsapp").unwrap().replace("http://", "ws://"))
}

async fn connect(world: &World, device: &Device) {
    assert_eq!(world.program.post(&format!("/devices/{}/connect", device.id), &json!({})).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_event_comes_as_a_frame_in_the_contracts_shape() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let socket = Socket::open(&format!("{}/?token={TOKEN}", world.program.socket)).await;
    let device = world.linked("Toko", &ani).await;
    let sent = device.sent(&world.program, &budi.number, "Hello!").await;
    budi.read(&ani.jid()).await;
    budi.write(&ani.number, "Hello back!").await;
    for (kind, example) in FRAMES {
        let like = |frame: &Value| frame["type"] == kind && (kind != "connection_update" || frame["data"]["status"] == "connected");
        let frame = socket.wait_for(kind, like).await;
        assert_like(&frame, example);
        assert_eq!(frame["deviceId"], device.id);
    }
    let frame = socket.wait_for("the read tick", |frame| frame["data"]["status"] == "read").await;
    assert_eq!((&frame["type"], &frame["data"]["messageId"]), (&json!("message_status"), &json!(sent)));
    let received = socket.wait_for("the answer", |frame| frame["type"] == "message_received").await;
    assert_eq!((&received["data"]["from"], &received["data"]["message"]), (&json!("+6281100000002"), &json!("Hello back!")));

    let frames = socket.frames();
    for (n, frame) in frames.iter().enumerate() {
        assert_eq!(frame["seq"], n + 1, "every event once, in order");
        assert!(frame["id"].is_string());
        moment(&frame["timestamp"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_at_every_path_of_its_own_port_and_beside_the_api() {
    let world = World::new().await;
    let own = &world.program.socket;
    let mut sockets = Vec::new();
    for url in [
        format!("{own}/?token={TOKEN}"),
        format!("{own}/ws?token={TOKEN}"),
        format!("{own}/ws/?token={TOKEN}"),
        format!("{own}/any/path?other=1&token={TOKEN}"),
    ] {
        sockets.push((Socket::open(&url).await, url));
    }
    let beside = format!("{}?token={TOKEN}", beside_the_api(&world));
    if is_split() {
        // API Gateway has an API of its own for sockets.
        let told = answer(http().get(beside.replace("ws://", "http://"))).await;
        assert_eq!((told.status, &told.body["error"]["details"]), (404, &json!(own)), "{:?}", told.body);
    } else {
        sockets.push((Socket::open(&beside).await, beside));
    }
    let device = world.device("Toko").await;
    connect(&world, &device).await;
    for (socket, url) in &sockets {
        let frame = socket.wait_for("the code", |frame| frame["type"] == "qr_code").await;
        assert_eq!(frame["deviceId"], device.id, "{url}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_let_in_without_the_token() {
    let world = World::new().await;
    let own = &world.program.socket;
    for query in
        ["", "?", "?token=", "?token=wrong", "?token=test12", "?token=test1234", "?token=TEST123", "?Token=test123", "?token=test123%00"]
    {
        for url in [format!("{own}/{query}"), format!("{own}/ws{query}"), format!("{}{query}", beside_the_api(&world))] {
            let Err(Error::Http(refused)) = connect_async(&url).await else { panic!("{url} lets anybody in") };
            assert!(is_refusal(refused.status().as_u16(), 401), "{url}: {refused:?}");
            if is_split() {
                continue;
            }
            let body: Value = serde_json::from_slice(refused.body().as_ref().unwrap()).unwrap();
            assert_eq!((&body["success"], &body["error"]["code"]), (&json!(false), &json!("INVALID_API_TOKEN")));
            assert_eq!(refused.headers()["x-request-id"], body["error"]["requestId"].as_str().unwrap());
        }
    }
    let plain = http().get(format!("{}/?token={TOKEN}", own.replace("ws://", "http://"))).send().await.unwrap();
    // API Gateway asks nobody about it.
    assert!(plain.status() == 400 || is_split() && !plain.status().is_success(), "not a WebSocket: {plain:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_goodbye_when_the_program_stops() {
    let mut world = World::new().await;
    if is_split() {
        // API Gateway holds them, whatever hosts come and go.
        let socket = Socket::open(&format!("{}/?token={TOKEN}", world.program.socket)).await;
        world.restart().await;
        let device = world.device("Toko").await;
        connect(&world, &device).await;
        socket.wait_for("the code", |frame| frame["type"] == "qr_code").await;
        return;
    }
    let mut streams = Vec::new();
    for url in [format!("{}/?token={TOKEN}", world.program.socket), format!("{}?token={TOKEN}", beside_the_api(&world))] {
        streams.push(connect_async(url).await.unwrap().0);
    }
    let farewells = streams.into_iter().map(|mut stream| async move {
        while let Some(Ok(message)) = stream.next().await {
            if let Message::Close(frame) = message {
                return frame.map(|frame| (u16::from(frame.code), frame.reason.to_string()));
            }
        }
        None
    });
    let (farewells, ()) = futures::join!(futures::future::join_all(farewells), world.program.terminate());
    let goodbye = Some((1001, "the server stops".to_owned()));
    assert_eq!(farewells, [goodbye.clone(), goodbye]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_is_in_nobodys_way() {
    let world = World::new().await;
    let url = format!("{}/?token={TOKEN}", world.program.socket);
    drop(connect_async(&url).await.unwrap());
    // Some of them at the very moment when the program has something to say.
    for _ in 0..100 {
        let mut left = connect_async(&url).await.unwrap().0;
        left.close(None).await.unwrap();
        let answer = async {
            while let Some(frame) = left.next().await {
                if frame.expect("the connection broke").is_close() {
                    return;
                }
            }
            panic!("the goodbye was not answered");
        };
        timeout(Duration::from_secs(5), answer).await.expect("the goodbye is answered");
    }
    let socket = Socket::open(&url).await;
    let device = world.device("Toko").await;
    connect(&world, &device).await;
    socket.wait_for("the code", |frame| frame["type"] == "qr_code").await;
}

/// The ids of some events.
fn ids(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(|frame| frame["id"].as_str().unwrap()).collect()
}

/// Fails unless these are all events of the devices from some place on, each once and each device's in order.
fn assert_whole(frames: &[Value], what: &str) {
    let mut seqs = std::collections::BTreeMap::<&str, u64>::new();
    for frame in frames {
        let seq = frame["seq"].as_u64().unwrap();
        let before = seqs.insert(frame["deviceId"].as_str().unwrap(), seq);
        assert!(before.is_none_or(|before| seq == before + 1), "{what}: {frame} came after {before:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_and_events_are_chosen_by_their_names() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let (one, two) = (world.device("Satu").await, world.device("Dua").await);
    let open = async |query: &str| Socket::open(&format!("{}/?token={TOKEN}{query}", world.program.socket)).await;
    let all = open("").await;
    let chosen = [
        ("&devices=", open("&devices=&events=").await),
        ("one", open(&format!("&devices={}", one.id)).await),
        ("one, as in history", open(&format!("&deviceId={}", one.id)).await),
        ("both", open(&format!("&devices={},{}", one.id, two.id)).await),
        ("none", open("&devices=dev_unknown").await),
        ("message", open("&events=message").await),
        ("sent and connection", open("&events=message_sent,connection").await),
        ("codes of two", open(&format!("&events=qr_code&devices={}", two.id)).await),
    ];
    world.link(&one, &ani).await;
    world.link(&two, &budi).await;
    let sent = one.sent(&world.program, &budi.number, "Halo").await;
    budi.read(&ani.jid()).await;
    all.wait_for("the read tick", |frame| frame["data"]["status"] == "read" && frame["data"]["messageId"] == *sent).await;
    // In order, so that what came before it has come.
    let last = two.sent(&world.program, &ani.number, "Selesai").await;
    let ends = |frame: &Value| frame["type"] == "message_sent" && frame["data"]["messageId"] == *last;
    all.wait_for("the end", ends).await;
    let all = all.frames();
    let wanted = |name: &str, frame: &Value| {
        let (kind, device) = (frame["type"].as_str().unwrap(), frame["deviceId"].as_str().unwrap());
        match name {
            "one" | "one, as in history" => device == one.id,
            "none" => false,
            "message" => ["message_sent", "message_received"].contains(&kind),
            "sent and connection" => ["message_sent", "connection_update"].contains(&kind),
            "codes of two" => kind == "qr_code" && device == two.id,
            _ => true,
        }
    };
    for (name, socket) in chosen {
        let expected: Vec<_> = all.iter().filter(|frame| wanted(name, frame)).cloned().collect();
        let found = socket.begins_with(name, &expected).await;
        assert!(found.iter().all(|frame| wanted(name, frame)), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_is_taken_up_where_it_broke_off_also_over_a_restart() {
    let mut world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let (one, two) = (world.linked("Satu", &ani).await, world.linked("Dua", &budi).await);
    let url = |world: &World, query: &str| format!("{}/?token={TOKEN}{query}", world.program.socket);
    let first = Socket::open(&url(&world, "")).await;
    one.sent(&world.program, &budi.number, "before").await;
    let before = |frame: &Value| frame["type"] == "message_received" && frame["data"]["message"] == "before";
    first.wait_for("the first text", before).await;
    let (seen, last) = (first.frames(), first.last_id());
    drop(first);

    for n in 0..20 {
        one.sent(&world.program, &budi.number, &format!("missed {n}")).await;
    }
    world.restart().await;
    world.wait_for_status(&one, "connected").await;
    world.wait_for_status(&two, "connected").await;
    // MiniStack passes frames on one at a time.
    let comers = if is_split() { 4 } else { 10 };
    // While it happens: what is read and what comes by itself meet somewhere.
    let program = &world.program;
    let talk = async {
        for n in 0..30 {
            one.sent(program, &budi.number, &format!("meanwhile {n}")).await;
        }
    };
    let come_back = async {
        let mut sockets = Vec::new();
        for _ in 0..comers {
            sockets.push(Socket::open(&url(&world, &format!("&since={last}"))).await);
        }
        sockets
    };
    let ((), sockets) = tokio::join!(talk, come_back);
    for socket in sockets {
        let end = |frame: &Value| frame["type"] == "message_received" && frame["data"]["message"] == "meanwhile 29";
        socket.wait_for("the last text", end).await;
        let frames = socket.frames();
        assert_whole(&frames, "after the restart");
        let of_one = |frame: &&Value| frame["deviceId"] == one.id;
        let last_seen = seen.iter().rfind(of_one).unwrap()["seq"].as_u64().unwrap();
        let went_on = frames.iter().find(of_one).unwrap()["seq"].as_u64().unwrap();
        assert!(went_on <= last_seen + 1, "no gap");
        let device_of_last = seen.last().unwrap()["deviceId"].clone();
        let doubled =
            frames.iter().filter(|frame| frame["deviceId"] == device_of_last && ids(&seen).contains(&frame["id"].as_str().unwrap()));
        assert_eq!(doubled.count(), 0, "of the device of the last event nothing comes twice");
        for n in 0..20 {
            let text = format!("missed {n}");
            assert_eq!(frames.iter().filter(|frame| frame["type"] == "message_sent" && frame["data"]["message"] == *text).count(), 1);
        }
    }
    // Only what is wanted of what was missed.
    let sent = Socket::open(&url(&world, &format!("&since={last}&events=message_sent&devices={}", one.id))).await;
    // What happened within the two seconds before the last one was seen may come again, if that was another device's.
    let missed = || sent.frames().into_iter().filter(|frame| frame["data"]["message"] != "before").count();
    eventually("all that was sent is told", async || (missed() == 50).then_some(())).await;
    assert!(sent.frames().iter().all(|frame| frame["type"] == "message_sent" && frame["deviceId"] == one.id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_goes_on_from_what_they_never_saw() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let socket = Socket::open(&format!("{}/?token={TOKEN}", world.program.socket)).await;
    connect(&world, &device).await;
    socket.wait_for("the code", |frame| frame["type"] == "qr_code").await;
    let id = socket.last_id();
    let (owner, stranger) = (world.program.token_of(123).await, world.program.token_of(456).await);
    let kiosk = world.device_of(json!({"userId": 123, "alias": "Kios"})).await;
    let (own_key, other_key) = (device.key(&world.program).await, kiosk.key(&world.program).await);
    for (token, since, refused) in [
        (TOKEN, "evt_unknown", true),
        (TOKEN, "", true),
        (TOKEN, "%00", true),
        (&stranger, &*id, true),
        (&other_key, &*id, true),
        (&own_key, &*id, false),
        (&owner, &*id, false),
        (TOKEN, &*id, false),
    ] {
        let url = format!("{}/?token={token}&since={since}", world.program.socket);
        match connect_async(&url).await {
            Err(Error::Http(answer)) if refused => {
                assert!(is_refusal(answer.status().as_u16(), 400), "{url}: {answer:?}");
                if !is_split() {
                    let body: Value = serde_json::from_slice(answer.body().as_ref().unwrap()).unwrap();
                    assert_eq!(body["error"]["details"], "since: no such event is kept", "{url}");
                }
            }
            other => assert!(other.is_ok() && !refused, "{url}: {other:?}"),
        }
    }
    for query in ["events=nonsense", "events=qr,%00", "devices=%01"] {
        let Err(Error::Http(refused)) = connect_async(format!("{}/?token={TOKEN}&{query}", world.program.socket)).await else {
            panic!("{query} is let in")
        };
        assert!(is_refusal(refused.status().as_u16(), 400), "{query}: {refused:?}");
        let wrong = connect_async(format!("{}/?token=wrong&{query}", world.program.socket)).await;
        assert!(matches!(wrong, Err(Error::Http(answer)) if is_refusal(answer.status().as_u16(), 401)), "first of all, who it is");
    }
}
