//! `POST /devices/{id}/key`

use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::{connect_async, tungstenite::Error};

use crate::world::{Socket, World, answer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_works_and_the_old_one_is_worth_nothing_from_then_on() {
    let (mut world, device, _ani, budi) = World::pair().await;
    let other = world.device("Kios").await;
    let (old, others) = (device.key(&world.program).await, other.key(&world.program).await);
    let renewed = world.program.post(&format!("/devices/{}/key", device.id), &json!({})).await;
    assert_eq!((renewed.status, &renewed.body["data"]["deviceId"]), (200, &json!(device.id)), "{:?}", renewed.body);
    let new = renewed.body["data"]["apiKey"].as_str().unwrap().to_owned();
    assert!(new != old && new.len() >= 32, "{new}");
    assert_eq!(device.key(&world.program).await, new);
    assert_eq!(other.key(&world.program).await, others, "another device keeps its own");

    for restarted in [false, true] {
        if restarted {
            world.restart().await;
            world.wait_for_status(&device, "connected").await;
        }
        let text = format!("dengan kunci baru {restarted}");
        let body = json!({"recipient": budi.number, "message": text});
        let send = |key: &str| answer(world.program.by_key(Method::POST, "/device/send", key).json(&body));
        let refused = send(&old).await;
        assert_eq!((refused.status, refused.code()), (401, "INVALID_API_TOKEN"));
        assert_eq!(send(&new).await.status, 200);
        let Err(Error::Http(refused)) = connect_async(format!("{}/?token={old}", world.program.socket)).await else {
            panic!("the old key opens it")
        };
        assert_eq!(refused.status(), 401);
        let socket = Socket::open(&format!("{}/?token={new}", world.program.socket)).await;
        let back = budi.write("6281100000001", &format!("balasan {restarted}")).await;
        socket.wait_for("the answer", |frame| frame["data"]["messageId"] == *back).await;
    }
    assert_eq!(budi.texts().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_renews_the_key_of_their_own_device() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let old = device.key(&world.program).await;
    let token = world.program.token_of(123).await;
    let renewed = answer(world.program.by_user(Method::POST, &format!("/devices/{}/key", device.id), &token)).await;
    assert_eq!(renewed.status, 200, "{:?}", renewed.body);
    assert_ne!(renewed.body["data"]["apiKey"], old);
    let by_key = answer(world.program.by_key(Method::POST, &format!("/devices/{}/key", device.id), &old)).await;
    assert_eq!(by_key.status, 401, "a key does not renew itself");
}
