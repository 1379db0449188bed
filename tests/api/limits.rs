//! How often things may be done.

use chrono::{TimeDelta, Utc};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio_tungstenite::{connect_async, tungstenite::Error};

use crate::world::{Answer, Device, Program, TOKEN, World, answer, download, is_refusal, is_split, png, put_at};

/// What an answer says of the limit that is closest: how many there may be, how many are left, and in how many seconds all are again.
fn standing(answer: &Answer) -> (i64, i64, i64) {
    let number = |name: &str| answer.headers[name].to_str().unwrap().parse::<i64>().unwrap();
    (number("x-ratelimit-limit"), number("x-ratelimit-remaining"), number("x-ratelimit-reset") - Utc::now().timestamp())
}

/// Fails unless this is the refusal of one request too many.
fn assert_refused(answer: &Answer, limit: i64, window: TimeDelta) {
    assert_eq!((answer.status, answer.code()), (429, "RATE_LIMIT_EXCEEDED"), "{:?}", answer.body);
    let (most, left, resets_in) = standing(answer);
    assert_eq!((most, left), (limit, 0));
    let retry_after: i64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=window.num_seconds()).contains(&retry_after), "{retry_after}");
    assert!((retry_after - resets_in).abs() <= 2, "{retry_after} {resets_in}");
    assert!(answer.body["error"]["details"].as_str().unwrap().contains(&limit.to_string()));
}

/// Makes as many requests as there may be, which count down, and one more, which is refused.
async fn use_up(limit: i64, window: TimeDelta, request: impl AsyncFn() -> Answer) {
    for left in (0..limit).rev() {
        let answer = request().await;
        assert!(answer.status < 400, "{left} left: {:?}", answer.body);
        let (most, remaining, resets_in) = standing(&answer);
        assert_eq!((most, remaining), (limit, left));
        assert!((0..=window.num_seconds() + 1).contains(&resets_in), "{resets_in}");
        assert!(!answer.headers.contains_key("retry-after"));
    }
    for _ in 0..2 {
        assert_refused(&request().await, limit, window);
    }
}

/// A request as it comes through a proxy on this machine.
fn from(program: &Program, address: &str, path: &str) -> RequestBuilder {
    program.request(Method::GET, path).header("x-real-ip", address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_may_ask_so_often_an_hour_and_others_do_not_suffer_for_it() {
    let world = World::with(&[("RATE_LIMIT_IP_PER_HOUR", "6")]).await;
    let hour = TimeDelta::hours(1);
    let program = &world.program;
    use_up(6, hour, async || answer(from(program, "192.0.2.1", "/templates")).await).await;
    // Whatever is asked for, and by whom.
    for path in ["/devices/unknown", "/messages", "/nowhere", "/", "/send/bulk/x"] {
        assert_refused(&answer(from(program, "192.0.2.1", path)).await, 6, hour);
    }
    let anonymous = program.anonymous(Method::POST, "/device/send").header("x-real-ip", "192.0.2.1");
    assert_refused(&answer(anonymous).await, 6, hour);
    let other = answer(from(program, "192.0.2.2", "/templates")).await;
    assert_eq!((other.status, standing(&other).1), (200, 5));
    // A wrong token counts as well: it may not be guessed at will.
    for left in (0..5).rev() {
        let guess = program.anonymous(Method::GET, "/templates").header("x-real-ip", "192.0.2.2").header("x-api-token", "guess");
        let guess = answer(guess).await;
        assert_eq!((guess.status, standing(&guess).1), (401, left));
    }
    assert_refused(&answer(from(program, "192.0.2.2", "/templates")).await, 6, hour);
    for path in ["/health", "/openapi.json"] {
        for _ in 0..8 {
            let health = answer(from(program, "192.0.2.1", path)).await;
            assert_eq!(health.status, 200);
            assert!(!health.headers.contains_key("x-ratelimit-limit"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_to_files_are_good_however_often_an_address_has_asked() {
    let (world, device, _ani, budi) = World::pair().await;
    let id = device.sent_file(&world.program, "image", &budi.number, "x.png", &png()).await;
    let link = world.record(&id, "has a link", |record| record["mediaUrl"].is_string()).await["mediaUrl"].as_str().unwrap().to_owned();
    let mut place = world.program.post("/media", &json!({"sessionId": device.session_id})).await.body["data"].take();
    let mut world = world;
    let origin = |url: &str| url.split("/api/").next().unwrap().to_owned();
    let before = origin(&world.program.api);
    world.program.terminate().await;
    world.start_with(&[("RATE_LIMIT_IP_PER_HOUR", "1")]).await;
    let now = origin(&world.program.api);
    let link = link.replace(&before, &now);
    place["uploadUrl"] = place["uploadUrl"].as_str().unwrap().replace(&before, &now).into();
    assert_eq!(world.program.get("/templates").await.status, 200);
    assert_eq!(world.program.get("/templates").await.status, 429);
    for _ in 0..3 {
        let (status, headers, bytes) = download(&link).await;
        assert!(status == 200 && bytes == png() && !headers.contains_key("x-ratelimit-limit"), "{status}");
    }
    assert_eq!(put_at(&place).body(png()).send().await.unwrap().status(), 200);
    let Err(Error::Http(refused)) = connect_async(format!("{}/?token={TOKEN}", world.program.socket)).await else { panic!("a socket") };
    assert!(is_refusal(refused.status().as_u16(), 429), "{refused:?}");
    if !is_split() {
        let body: Value = serde_json::from_slice(refused.body().as_ref().unwrap()).unwrap();
        assert_eq!(body["error"]["code"], "RATE_LIMIT_EXCEEDED");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_may_send_so_often_a_minute_and_others_do_not_suffer_for_it() {
    let (world, device, ani, budi) = World::pair_with(&[("RATE_LIMIT_MESSAGES_PER_MINUTE", "5")]).await;
    let other = world.linked("Kios", &budi).await;
    let (program, minute) = (&world.program, TimeDelta::minutes(1));
    let send = async |device: &Device, text: &str| device.send(program, &ani.number, text).await;
    let text = std::cell::Cell::new(0);
    use_up(5, minute, async || {
        text.set(text.get() + 1);
        device.send(program, &budi.number, &format!("Nomor {}", text.get())).await
    })
    .await;
    // In whatever way it sends, by whatever token.
    let body = json!({"sessionId": device.session_id, "recipient": budi.number, "message": "lebih"});
    let (key, token) = (device.key(program).await, program.token_of(123).await);
    for request in [
        program.by_key(Method::POST, "/device/send", &key).json(&body),
        program.by_user(Method::POST, "/send", &token).json(&body),
        device.request(program, &budi.number, "lebih").header("x-real-ip", "192.0.2.1"),
    ] {
        assert_refused(&answer(request).await, 5, minute);
    }
    let bulk = json!({"sessionId": device.session_id, "recipients": [{"phone": budi.number, "message": "lebih"}]});
    for (path, more) in [
        ("/send/location", json!({"latitude": 1, "longitude": 2})),
        ("/send/poll", json!({"question": "?", "options": ["a", "b"]})),
        ("/send/image", json!({"mediaId": "med_1"})),
    ] {
        assert_refused(&device.send_as(program, path, &budi.number, more).await, 5, minute);
    }
    assert_refused(&program.post("/send/bulk", &bulk).await, 5, minute);
    assert_eq!(budi.texts().await, (1..=5).map(|number| format!("Nomor {number}")).collect::<Vec<_>>(), "what is refused is not sent");
    assert_eq!(world.records(&device).await.len(), 5);

    // Reading is not sending, and what another device does is its own.
    assert_eq!(program.get(&format!("/devices/{}", device.id)).await.status, 200);
    assert_eq!(send(&other, "dari kios").await.status, 200);
    let token = program.token_of(456).await;
    let stranger = answer(program.by_user(Method::POST, "/send", &token).json(&body)).await;
    assert_eq!(stranger.status, 404, "who may not see the device learns nothing of its limit: {:?}", stranger.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_costs_nothing() {
    let (world, device, _ani, budi) = World::pair_with(&[("RATE_LIMIT_MESSAGES_PER_MINUTE", "1")]).await;
    let request = || answer(device.request(&world.program, &budi.number, "sekali").header("idempotency-key", "satu"));
    let first = request().await;
    assert_eq!(first.status, 200, "{:?}", first.body);
    for _ in 0..3 {
        let again = request().await;
        assert_eq!((again.status, &again.body["data"]["messageId"]), (200, &first.body["data"]["messageId"]), "{:?}", again.body);
    }
    assert_eq!(device.send(&world.program, &budi.number, "dua kali").await.status, 429);
    assert_eq!(budi.texts().await, ["sekali"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_may_take_in_so_many_files_a_minute() {
    let (world, device, ani, budi) = World::pair_with(&[("RATE_LIMIT_MEDIA_PER_MINUTE", "3")]).await;
    let other = world.linked("Kios", &budi).await;
    let (program, minute) = (&world.program, TimeDelta::minutes(1));
    let form = |device: &Device, kind: &str| device.form(&ani.number).file(kind, "x.png", "image/png", &png());
    let first = answer(form(&device, "image").post(program, "/send/image")).await;
    assert_eq!((first.status, standing(&first).0, standing(&first).1), (200, 3, 2), "{:?}", first.body);
    let place = program.post("/media", &json!({"sessionId": device.session_id})).await;
    assert_eq!((place.status, standing(&place).1), (201, 1));
    let last = answer(form(&device, "document").post(program, "/send/document")).await;
    assert_eq!((last.status, standing(&last).1), (200, 0), "{:?}", last.body);
    assert_refused(&answer(form(&device, "document").post(program, "/send/document")).await, 3, minute);
    assert_refused(&program.post("/media", &json!({"sessionId": device.session_id})).await, 3, minute);
    device.sent(program, &budi.number, "teks bukan berkas").await;
    assert_eq!(answer(form(&other, "image").post(program, "/send/image")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_devices_codes_may_be_asked_for_so_often_a_minute() {
    let world = World::with(&[("RATE_LIMIT_QR_PER_MINUTE", "2")]).await;
    let (device, other) = (world.device("Toko").await, world.device("Kios").await);
    for device in [&device, &other] {
        assert_eq!(world.program.post(&format!("/devices/{}/connect", device.id), &json!({})).await.status, 200);
    }
    let qr = async |device: &Device| world.program.get(&format!("/devices/{}/qr", device.id)).await;
    use_up(2, TimeDelta::minutes(1), async || qr(&device).await).await;
    assert_eq!(qr(&other).await.status, 200);
    assert_eq!(world.program.get(&format!("/devices/{}", device.id)).await.status, 200);
}
