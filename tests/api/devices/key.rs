//! `POST /devices/{id}/key`

use std::time::Duration;

use futures::StreamExt;
use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, Message},
};

use crate::world::{Socket, TOKEN, World, answer, is_refusal, is_split};

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
        assert!(is_refusal(refused.status().as_u16(), 401), "{refused:?}");
        let socket = Socket::open(&format!("{}/?token={new}", world.program.socket)).await;
        let back = budi.write("6281100000001", &format!("balasan {restarted}")).await;
        socket.wait_for("the answer", |frame| frame["data"]["messageId"] == *back).await;
    }
    assert_eq!(budi.texts().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_the_old_key_opened_shows_nothing_any_more() {
    let (world, device, ani, budi) = World::pair().await;
    let old = device.key(&world.program).await;
    let operators = Socket::open(&format!("{}/?token={TOKEN}", world.program.socket)).await;
    let (mut stream, _) = connect_async(format!("{}/?token={old}", world.program.socket)).await.unwrap();
    assert_eq!(world.program.post(&format!("/devices/{}/key", device.id), &json!({})).await.status, 200);
    let written = budi.write(&ani.number, "bukan untuk pemegang kunci lama").await;
    operators.wait_for("the message", |frame| frame["data"]["messageId"] == *written).await;
    let end = async {
        loop {
            match stream.next().await.unwrap().unwrap() {
                Message::Close(frame) => return frame.map(|frame| (u16::from(frame.code), frame.reason.to_string())),
                Message::Text(text) => assert!(!text.contains(&written), "{text}"),
                _ => {}
            }
        }
    };
    let end = tokio::time::timeout(Duration::from_secs(20), end).await.expect("it says goodbye");
    // API Gateway closes without a word.
    let said = (1008, "the key was renewed".to_owned());
    assert!(end == Some(said) || is_split() && end.is_some(), "{end:?}");
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
