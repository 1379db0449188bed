//! The WebSocket

use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, Message},
};

use crate::world::{Device, Socket, TOKEN, World, assert_like, moment};

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
        format!("{}?token={TOKEN}", beside_the_api(&world)),
    ] {
        sockets.push((Socket::open(&url).await, url));
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
            assert_eq!(refused.status(), 401, "{url}");
            let body: Value = serde_json::from_slice(refused.body().as_ref().unwrap()).unwrap();
            assert_eq!((&body["success"], &body["error"]["code"]), (&json!(false), &json!("INVALID_API_TOKEN")));
            assert_eq!(refused.headers()["x-request-id"], body["error"]["requestId"].as_str().unwrap());
        }
    }
    let plain = crate::world::http().get(format!("{}/?token={TOKEN}", own.replace("ws://", "http://"))).send().await.unwrap();
    assert_eq!(plain.status(), 400, "not a WebSocket");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_goodbye_when_the_program_stops() {
    let mut world = World::new().await;
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
    let (gone, mut left) = (connect_async(&url).await.unwrap().0, connect_async(&url).await.unwrap().0);
    drop(gone);
    left.close(None).await.unwrap();
    let answered = async { while !matches!(left.next().await, Some(Ok(Message::Close(_)))) {} };
    timeout(Duration::from_secs(5), answered).await.expect("the goodbye is answered");
    let socket = Socket::open(&url).await;
    let device = world.device("Toko").await;
    connect(&world, &device).await;
    socket.wait_for("the code", |frame| frame["type"] == "qr_code").await;
}
