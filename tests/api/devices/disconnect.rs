//! `POST /devices/{id}/disconnect`

use reqwest::Method;
use serde_json::json;

use crate::world::{Socket, TOKEN, World, answer, moment};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_goes_off_line_and_stays_linked() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let socket = Socket::open(&format!("{}/?token={TOKEN}", world.program.socket)).await;
    let device = world.device("Toko").await;
    let companion = world.link(&device, &ani).await;
    let id = device.queued(&world.program, &budi.number, "in hand").await;

    let off = answer(world.program.request(Method::POST, &format!("/devices/{}/disconnect", device.id))).await;
    assert_eq!((off.status, &off.body["success"]), (200, &json!(true)), "{:?}", off.body);
    assert_eq!(off.body["message"], "Device disconnected");
    assert_eq!(off.body["data"], json!({"deviceId": device.id, "status": "disconnected"}));

    budi.wait_for("in hand").await;
    let record = world.program.get(&format!("/messages?messageId={id}")).await;
    let status = record.body["data"]["messages"][0]["status"].as_str().unwrap().to_owned();
    assert!(["sent", "delivered"].contains(&status.as_str()), "what was in hand is finished first: {status}");
    let found = world.program.get(&format!("/devices/{}", device.id)).await.body["data"]["device"].clone();
    assert_eq!((&found["status"], &found["isConnected"]), (&json!("disconnected"), &json!(false)));
    assert_eq!((&found["phoneNumber"], &found["stats"]["uptime"]), (&json!("+6281100000001"), &json!("0h 0m")));
    moment(&found["lastSeen"]);
    socket.wait_for("the news", |frame| frame["type"] == "connection_update" && frame["data"]["status"] == "disconnected").await;
    let refused = device.send(&world.program, &budi.number, "too late").await;
    assert_eq!((refused.status, refused.code()), (400, "DEVICE_NOT_CONNECTED"));
    assert!(ani.unlink_if_linked(companion).await, "it is still linked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_stays_off_line_over_a_restart() {
    let mut world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let (off, on) = (world.linked("Off", &ani).await, world.linked("On", &ani).await);
    world.program.post(&format!("/devices/{}/disconnect", off.id), &json!({})).await;
    world.restart().await;
    world.wait_for_status(&on, "connected").await;
    let found = world.program.get(&format!("/devices/{}", off.id)).await;
    assert_eq!(found.body["data"]["device"]["status"], "disconnected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_is_off_line_already_is_left_so() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let path = format!("/devices/{}", device.id);
    for connect in [false, true, false] {
        if connect {
            world.program.post(&format!("{path}/connect"), &json!({})).await;
        }
        let off = world.program.post(&format!("{path}/disconnect"), &json!({})).await;
        assert_eq!((off.status, &off.body["data"]["status"]), (200, &json!("disconnected")), "{:?}", off.body);
    }
    let qr = world.program.get(&format!("{path}/qr")).await;
    assert_eq!((qr.status, qr.code()), (400, "INVALID_QR_CODE"));
}
