//! `GET /devices/{id}/qr`

use chrono::{TimeDelta, Utc};
use futures::join;
use serde_json::json;

use crate::world::{Answer, Device, Socket, TOKEN, World, assert_like, moment, read_qr};

const RESPONSE: &str = r#"{
    "success": true,
    "data": {
        "qrCode": "QR_CODE_DATA_HERE",
        "qrImage": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA...",
        "expiresAt": "2024-01-01T10:05:00Z",
        "status": "waiting_for_scan"
    }
}"#;

async fn connect(world: &World, device: &Device) {
    let answer = world.program.post(&format!("/devices/{}/connect", device.id), &json!({})).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

async fn qr(world: &World, device: &Device) -> Answer {
    world.program.get(&format!("/devices/{}/qr", device.id)).await
}

async fn refused(world: &World, device: &Device, hint: &str) {
    let answer = qr(world, device).await;
    assert_eq!((answer.status, answer.code()), (400, "INVALID_QR_CODE"), "{hint}");
    let message = answer.body["error"]["message"].as_str().unwrap();
    assert!(message.contains(hint), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_comes_right_after_the_connect_as_text_and_as_a_picture_that_says_the_same() {
    let world = World::new().await;
    let socket = Socket::open(&format!("{}/?token={TOKEN}", world.program.socket)).await;
    let device = world.device("My Device").await;
    connect(&world, &device).await;
    let answer = qr(&world, &device).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert_like(&answer.body, RESPONSE);
    let data = &answer.body["data"];
    assert_eq!(data["status"], "waiting_for_scan");
    assert_eq!(read_qr(data["qrImage"].as_str().unwrap()), data["qrCode"].as_str().unwrap());
    let left = moment(&data["expiresAt"]) - Utc::now();
    assert!(left > TimeDelta::zero() && left <= TimeDelta::seconds(60), "WhatsApp shows the first code for a minute: {left}");

    let frame = socket.wait_for("the code", |frame| frame["type"] == "qr_code").await;
    assert_eq!((&frame["data"]["qr"], &frame["data"]["qrImage"]), (&data["qrCode"], &data["qrImage"]));
    assert_eq!(qr(&world, &device).await.body["data"], *data, "asking again changes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_waits_for_the_first_code() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    world.faults(&json!({"refuseConnections": true})).await;
    connect(&world, &device).await;
    let sunshine = json!({"refuseConnections": false});
    let (answer, ()) = join!(qr(&world, &device), world.faults(&sunshine));
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_is_no_code_the_answer_says_what_to_do() {
    let world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let device = world.device("Toko").await;
    let path = format!("/devices/{}", device.id);
    refused(&world, &device, "connect the device first").await;

    connect(&world, &device).await;
    assert_eq!(qr(&world, &device).await.status, 200);
    world.program.post(&format!("{path}/disconnect"), &json!({})).await;
    refused(&world, &device, "connect the device first").await;

    let companion = world.link(&device, &ani).await;
    refused(&world, &device, "connected already").await;
    world.program.post(&format!("{path}/disconnect"), &json!({})).await;
    refused(&world, &device, "linked already").await;

    connect(&world, &device).await;
    world.wait_for_status(&device, "connected").await;
    ani.unlink(companion).await;
    world.wait_for_status(&device, "disconnected").await;
    refused(&world, &device, "connect the device first").await;
    connect(&world, &device).await;
    assert_eq!(qr(&world, &device).await.status, 200, "a device that was logged out may be linked again");
}
