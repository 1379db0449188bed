//! What is asked of WhatsApp while the caller waits.

use std::time::{Duration, Instant};

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, Device, World, answer, eventually};

/// Every such endpoint under a device, with a body that would do.
fn asked(group: &str) -> Vec<(Method, String, Value)> {
    let one = json!({"participants": ["6281100000002"]});
    let of = |rest: &str| format!("groups/{group}{rest}");
    vec![
        (Method::GET, "contacts/live".into(), Value::Null),
        (Method::GET, "contacts/6281100000002/live".into(), Value::Null),
        (Method::GET, "contacts/check?numbers=6281100000002".into(), Value::Null),
        (Method::POST, "contacts/6281100000002/block".into(), json!({})),
        (Method::POST, "contacts/6281100000002/unblock".into(), json!({})),
        (Method::GET, "chats/live".into(), Value::Null),
        (Method::GET, "groups/live".into(), Value::Null),
        (Method::GET, of("/live"), Value::Null),
        (Method::POST, "groups".into(), json!({"subject": "Arisan", "participants": []})),
        (Method::PUT, of(""), json!({"announce": true})),
        (Method::POST, of("/participants"), one.clone()),
        (Method::DELETE, of("/participants"), one.clone()),
        (Method::POST, of("/admins"), one.clone()),
        (Method::DELETE, of("/admins"), one),
        (Method::POST, of("/leave"), json!({})),
        (Method::GET, of("/invite"), Value::Null),
        (Method::POST, of("/invite/revoke"), json!({})),
        (Method::POST, "groups/join".into(), json!({"invite": "AbCdEfGhIjKlMnOpQrStUv"})),
    ]
}

async fn ask(world: &World, device: &Device, (method, path, body): &(Method, String, Value)) -> Answer {
    answer(world.program.request(method.clone(), &format!("/devices/{}/{path}", device.id)).json(body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_asked_off_line() {
    let (world, device, ani, budi) = World::pair().await;
    let group = world.group("Arisan", &ani, &[&budi]).await;
    let never = world.device("Kios").await;
    let off = world.program.post(&format!("/devices/{}/disconnect", device.id), &json!({})).await;
    assert_eq!(off.status, 200, "{:?}", off.body);
    for asked in asked(&group) {
        for device in [&device, &never] {
            let refused = ask(&world, device, &asked).await;
            assert_eq!((refused.status, refused.code()), (400, "DEVICE_NOT_CONNECTED"), "{asked:?}: {:?}", refused.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whatsapp_that_does_not_answer_is_waited_for_20_seconds_at_most() {
    let (world, device, ani, budi) = World::pair().await;
    let group = world.group("Arisan", &ani, &[&budi]).await;
    device.sent(&world.program, &budi.number, "halo").await;
    world.faults(&json!({"queryDelayMs": 60_000})).await;
    let (began, all) = (Instant::now(), asked(&group));
    let answers = join_all(all.iter().map(|asked| ask(&world, &device, asked))).await;
    for (asked, refused) in all.iter().zip(answers) {
        assert_eq!((refused.status, refused.code()), (504, "TIMEOUT"), "{asked:?}: {:?}", refused.body);
    }
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    let sent = device.sent(&world.program, &budi.number, "masih di sini").await;
    assert_eq!(budi.got(&sent).await["text"], "masih di sini", "messages go on meanwhile");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whatsapp_that_refuses_to_answer_is_no_message_that_failed() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    world.group("Arisan", &ani, &[&budi]).await;
    let device = world.linked("Toko", &ani).await;
    // First it asks for its groups by itself.
    let path = format!("/devices/{}/groups", device.id);
    eventually("it knows its groups", async || (world.program.get(&path).await.body["data"]["pagination"]["total"] == 1).then_some(()))
        .await;
    world.faults(&json!({"failQueries": 1})).await;
    let live = (Method::GET, "groups/live".into(), Value::Null);
    let refused = ask(&world, &device, &live).await;
    assert_eq!((refused.status, refused.code()), (502, "WHATSAPP_REFUSED"), "{:?}", refused.body);
    assert_eq!(refused.body["error"]["details"], "refused_503");
    assert_eq!(ask(&world, &device, &live).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whatsapp_that_takes_its_time_is_waited_for() {
    let (mut world, device, ..) = World::pair().await;
    world.program.terminate().await;
    world.start_with(&[("SEND_WAIT_MS", "1")]).await;
    world.wait_for_status(&device, "connected").await;
    world.faults(&json!({"queryDelayMs": 500})).await;
    for path in ["contacts/check?numbers=6281100000002", "groups/live"] {
        let answer = ask(&world, &device, &(Method::GET, path.into(), Value::Null)).await;
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
    }
}
