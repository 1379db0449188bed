//! The walk of a newcomer, from an empty folder to a conversation that survives a restart.

use serde_json::{Value, json};

use crate::world::{Receiver, Socket, TOKEN, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_links_an_account_and_has_a_conversation_that_survives_a_restart() {
    let mut world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let receiver = Receiver::start().await;
    let socket = Socket::open(&format!("{}/?token={TOKEN}", world.program.socket)).await;

    let device = world
        .device_of(json!({"userId": 123, "alias": "My WhatsApp Device",
            "webhook": {"url": receiver.url, "events": ["message", "connection", "qr", "status"]}}))
        .await;
    assert_eq!(device.session_id, "user_123_device_my_whatsapp_device");

    world.link(&device, &ani).await;
    let connected = |event: &Value| event["data"]["status"] == "connected" && event["data"]["phoneNumber"] == "+6281100000001";
    socket.wait_for("the QR code", |frame| frame["type"] == "qr_code" && frame["deviceId"] == *device.id).await;
    socket.wait_for("the connection", |frame| frame["type"] == "connection_update" && connected(frame)).await;
    receiver.wait_for("the QR code", |body| body["event"] == "qr_code").await;
    receiver.wait_for("the connection", |body| body["event"] == "connection_update" && connected(body)).await;

    let id = device.sent(&world.program, "6281100000002", "Halo Budi! 👋").await;
    assert_eq!(budi.wait_for("Halo Budi! 👋").await["id"], *id);
    world.wait_for_message(&id, "delivered").await;
    budi.read(&ani.jid()).await;
    let read = world.wait_for_message(&id, "read").await;
    assert!(read["readAt"].is_string());
    let statuses = |events: Vec<Value>, kind: &str| -> Vec<String> {
        let of_message = events.into_iter().filter(|event| event["data"]["messageId"] == *id);
        of_message.map(|event| format!("{}:{}", event[kind].as_str().unwrap(), event["data"]["status"].as_str().unwrap())).collect()
    };
    let told = ["message_sent:sent", "message_status:delivered", "message_status:read"];
    socket.wait_for("the read tick", |frame| frame["data"]["status"] == "read").await;
    receiver.wait_for("the read tick", |body| body["data"]["status"] == "read").await;
    assert_eq!(statuses(socket.frames(), "type"), told);
    assert_eq!(statuses(receiver.taken().into_iter().map(|delivered| delivered.body).collect(), "event"), told);

    budi.write(&ani.number, "Halo juga").await;
    let received = |event: &Value| event["data"]["message"] == "Halo juga" && event["data"]["from"] == "+6281100000002";
    socket.wait_for("the answer", |frame| frame["type"] == "message_received" && received(frame)).await;
    receiver.wait_for("the answer", |body| body["event"] == "message_received" && received(body)).await;

    world.restart().await;
    world.wait_for_status(&device, "connected").await;
    let id = device.sent(&world.program, "+62 811-0000-0002", "Masih di sini").await;
    let delivered = |event: &Value| event["data"]["messageId"] == *id && event["data"]["status"] == "delivered";
    receiver.wait_for("the second delivery", delivered).await;
    let texts: Vec<_> = budi.inbox().await.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts, ["Halo Budi! 👋", "Masih di sini"]);

    let events = receiver.all_events(&device.id).await;
    assert_eq!(events.len(), receiver.taken().len(), "every event once");
}
