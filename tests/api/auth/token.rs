//! `POST /auth/token`, and what the tokens open

use std::{collections::BTreeSet, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{TimeDelta, Utc};
use futures::StreamExt;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, Message},
};

use crate::world::{Answer, Program, Socket, TOKEN, World, answer, assert_like, eventually, is_refusal, is_split, moment};

const SECRET: &str = "a-secret-of-these-tests";

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Token created successfully",
    "data": {"token": "jwt_token_here", "tokenType": "Bearer", "expiresAt": "2024-01-01T11:00:00Z", "userId": 123}
}"#;

/// A token as anybody might make one.
fn forged(secret: &str, header: &str, claims: &Value) -> String {
    let said = [header.to_owned(), claims.to_string()].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).join(".");
    let key = secret.as_bytes();
    let signature = if header.contains("512") {
        Hmac::<Sha512>::new_from_slice(key).unwrap().chain_update(&said).finalize().into_bytes().to_vec()
    } else {
        Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(&said).finalize().into_bytes().to_vec()
    };
    format!("{said}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

async fn devices(program: &Program, user: u64, token: &str) -> Answer {
    answer(program.by_user(Method::GET, &format!("/users/{user}/devices"), token)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_shows_its_bearer_their_own_devices_until_it_expires() {
    let mut world = World::new().await;
    let device = world.device("Toko").await;
    for (request, seconds) in [(json!({"userId": 123}), 3600), (json!({"userId": 123, "expiresIn": 60}), 60)] {
        let made = world.program.post("/auth/token", &request).await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        assert_like(&made.body, RESPONSE);
        let data = &made.body["data"];
        assert_eq!((&data["tokenType"], &data["userId"]), (&json!("Bearer"), &json!(123)));
        let left = moment(&data["expiresAt"]) - Utc::now();
        assert!(left <= TimeDelta::seconds(seconds + 1) && left > TimeDelta::seconds(seconds - 20), "{left}");
        let token = data["token"].as_str().unwrap();
        let own = devices(&world.program, 123, token).await;
        assert_eq!((own.status, &own.body["data"]["pagination"]["total"]), (200, &json!(1)));
        assert_eq!(devices(&world.program, 456, token).await.body["data"]["pagination"]["total"], 0);
        let scheme =
            world.program.anonymous(Method::GET, &format!("/devices/{}", device.id)).header("authorization", format!("bearer  {token}"));
        assert_eq!(answer(scheme).await.status, 200, "the scheme is written in any case");
        // Beside the operator's token the user's still says whose request it is.
        let both = world.program.request(Method::GET, "/users/456/devices").bearer_auth(token);
        assert_eq!(answer(both).await.status, 200);
    }
    let token = world.program.token_of(123).await;
    let others = world.device_of(json!({"userId": 456, "alias": "Kios"})).await;
    let both = world.program.request(Method::GET, &format!("/devices/{}", others.id)).bearer_auth(&token);
    assert_eq!(answer(both).await.status, 404);
    world.restart().await;
    assert_eq!(devices(&world.program, 123, &token).await.status, 200, "a restart changes no secret");

    let short = world.program.post("/auth/token", &json!({"userId": 123, "expiresIn": 1})).await;
    let short = short.body["data"]["token"].as_str().unwrap();
    let expired = eventually("the token expires", async || {
        let answer = devices(&world.program, 123, short).await;
        (answer.status != 200).then_some(answer)
    })
    .await;
    assert_eq!((expired.status, expired.code()), (401, "INVALID_API_TOKEN"));
    assert!(expired.body["error"]["message"].as_str().unwrap().contains("expired"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_makes_devices_of_their_own_and_nobody_elses() {
    let world = World::new().await;
    let token = world.program.token_of(123).await;
    let make = |user: u64| answer(world.program.by_user(Method::POST, "/devices", &token).json(&json!({"userId": user, "alias": "Toko"})));
    let (own, others) = (make(123).await, make(456).await);
    assert_eq!((own.status, others.status, others.code()), (201, 403, "FORBIDDEN"));
    let socket = own.body["data"]["wsEndpoint"].as_str().unwrap();
    assert!(socket.ends_with(&format!("?token={token}")), "{socket}");
    let minted = answer(world.program.by_user(Method::POST, "/auth/token", &token).json(&json!({"userId": 123}))).await;
    assert_eq!((minted.status, minted.code()), (403, "FORBIDDEN"), "tokens are the operator's to make");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_token_is_refused() {
    let world = World::new().await;
    for (body, field) in [
        (json!({}), "userId"),
        (json!({"userId": null}), "userId"),
        (json!({"userId": "me"}), "userId"),
        (json!({"userId": -1}), "userId"),
        (json!({"userId": 1.5}), "userId"),
        (json!({"userId": 9_007_199_254_740_992_u64}), "userId"),
        (json!({"userId": 1, "expiresIn": 0}), "expiresIn"),
        (json!({"userId": 1, "expiresIn": 2_592_001}), "expiresIn"),
        (json!({"userId": 1, "expiresIn": "1h"}), "expiresIn"),
    ] {
        let refused = world.program.post("/auth/token", &body).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{body}");
        assert!(refused.body["error"]["details"].as_str().unwrap().contains(field), "{body}: {:?}", refused.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_but_one_of_ours_and_of_now_opens_anything() {
    let world = World::with(&[("JWT_SECRET", SECRET)]).await;
    let device = world.device("Toko").await;
    let hs256 = r#"{"alg":"HS256","typ":"JWT"}"#;
    let now = Utc::now().timestamp();
    let claims = json!({"sub": "123", "exp": now + 600});
    let good = forged(SECRET, hs256, &claims);
    assert_eq!(devices(&world.program, 123, &good).await.status, 200, "one made elsewhere with our secret is ours");
    assert_eq!(devices(&world.program, 123, &forged(SECRET, hs256, &json!({"sub": 123, "exp": now + 600}))).await.status, 200);

    let (bare, signature) = good.rsplit_once('.').unwrap();
    let (_, claimed) = bare.rsplit_once('.').unwrap();
    let header = |header: &str| BASE64_URL_SAFE_NO_PAD.encode(header);
    let other_user = BASE64_URL_SAFE_NO_PAD.encode(json!({"sub": "456", "exp": now + 600}).to_string());
    let signed = |claims: Value| forged(SECRET, hs256, &claims);
    let bad = [
        ("a foreign secret", forged("another-secret", hs256, &claims)),
        ("an empty secret", forged("", hs256, &claims)),
        ("no algorithm", format!("{}.{claimed}.", header(r#"{"alg":"none","typ":"JWT"}"#))),
        ("no algorithm, but a signature", forged(SECRET, r#"{"alg":"none","typ":"JWT"}"#, &claims)),
        ("None", format!("{}.{claimed}.{signature}", header(r#"{"alg":"None"}"#))),
        ("HS512", forged(SECRET, r#"{"alg":"HS512","typ":"JWT"}"#, &claims)),
        ("RS256 signed as HS256", forged(SECRET, r#"{"alg":"RS256","typ":"JWT"}"#, &claims)),
        ("no header", forged(SECRET, "{}", &claims)),
        ("no signature", bare.to_owned()),
        ("an empty signature", format!("{bare}.")),
        ("half a signature", format!("{bare}.{}", &signature[..20])),
        ("another's claims", format!("{}.{other_user}.{signature}", header(hs256))),
        ("expired", signed(json!({"sub": "123", "exp": now - 1}))),
        ("no end", signed(json!({"sub": "123"}))),
        ("an end in words", signed(json!({"sub": "123", "exp": "never"}))),
        ("not yet", signed(json!({"sub": "123", "exp": now + 600, "nbf": now + 300}))),
        ("nobody's", signed(json!({"exp": now + 600}))),
        ("no user's", signed(json!({"sub": "operator", "exp": now + 600}))),
        ("a user below zero", signed(json!({"sub": -123, "exp": now + 600}))),
        ("the operator's token", TOKEN.to_owned()),
        ("a key", device.key(&world.program).await),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
    ];
    for (what, token) in &bad {
        let path = format!("/devices/{}", device.id);
        let alone = || world.program.by_user(Method::GET, &path, token);
        let refused = answer(alone()).await;
        assert_eq!((refused.status, refused.code()), (401, "INVALID_API_TOKEN"), "{what}: {:?}", refused.body);
        if !token.is_empty() {
            let beside = answer(alone().header("x-api-token", TOKEN)).await;
            assert_eq!(beside.status, 401, "{what} beside the operator's token");
        }
        if ![TOKEN, &device.key(&world.program).await].contains(&token.as_str()) {
            let url = format!("{}/?token={token}", world.program.socket);
            let Err(Error::Http(refused)) = connect_async(url).await else { panic!("{what} opens a socket") };
            assert!(is_refusal(refused.status().as_u16(), 401), "{what}: {refused:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_closes_when_its_token_expires() {
    let world = World::new().await;
    let made = world.program.post("/auth/token", &json!({"userId": 123, "expiresIn": 1})).await;
    let token = made.body["data"]["token"].as_str().unwrap();
    let (mut stream, _) = connect_async(format!("{}/?token={token}", world.program.socket)).await.unwrap();
    let goodbye = async {
        while let Some(Ok(message)) = stream.next().await {
            if let Message::Close(frame) = message {
                return frame.map(|frame| (u16::from(frame.code), frame.reason.to_string()));
            }
        }
        None
    };
    let goodbye = tokio::time::timeout(Duration::from_secs(20), goodbye).await.expect("it says goodbye");
    // API Gateway closes without a word.
    let said = (1008, "the token has expired".to_owned());
    assert!(goodbye == Some(said) || is_split() && goodbye.is_some(), "{goodbye:?}");
    assert!(Utc::now() >= moment(&made.body["data"]["expiresAt"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_shows_what_its_token_or_key_may_see_and_nothing_else() {
    let world = World::new().await;
    let (ani, budi, citra) = (
        world.phone("6281100000001", "Ani").await,
        world.phone("6281100000002", "Budi").await,
        world.phone("6281100000003", "Citra").await,
    );
    let (one, two) = (world.device("One").await, world.device("Two").await);
    let others = world.device_of(json!({"userId": 456, "alias": "Other"})).await;
    let program = &world.program;
    let open = async |token: &str| Socket::open(&format!("{}/?token={token}", program.socket)).await;
    let all = BTreeSet::from([&one.id, &two.id, &others.id]);
    let sockets = [
        ("the operator", open(TOKEN).await, all.clone()),
        ("user 123", open(&program.token_of(123).await).await, BTreeSet::from([&one.id, &two.id])),
        ("user 456", open(&program.token_of(456).await).await, BTreeSet::from([&others.id])),
        ("user 789", open(&program.token_of(789).await).await, BTreeSet::new()),
        ("device one", open(&one.key(program).await).await, BTreeSet::from([&one.id])),
        ("device two", open(&two.key(program).await).await, BTreeSet::from([&two.id])),
    ];
    for (device, phone) in [(&one, &ani), (&two, &budi), (&others, &citra)] {
        world.link(device, phone).await;
    }
    for (device, phone, to) in [(&one, &ani, &citra), (&two, &budi, &ani), (&others, &citra, &budi)] {
        device.sent(program, &to.number, "keluar").await;
        to.write(&phone.number, "masuk").await;
    }
    // A ring: each device sends two messages and gets two, its phone's own among them.
    let last = |frames: &[Value], device: &str| {
        frames.iter().filter(|frame| frame["deviceId"] == device && frame["data"]["message"].is_string()).count()
    };
    for (who, socket, sees) in &sockets {
        eventually(&format!("{who} sees it all"), async || {
            let frames = socket.frames();
            sees.iter().all(|device| last(&frames, device) >= 4).then_some(())
        })
        .await;
    }
    let everything = sockets[0].1.frames();
    for (who, socket, sees) in &sockets {
        let is_theirs = |frame: &Value| sees.iter().any(|device| frame["deviceId"] == **device);
        let wanted: Vec<_> = everything.iter().filter(|frame| is_theirs(frame)).cloned().collect();
        let frames = socket.begins_with(who, &wanted).await;
        assert!(frames.iter().all(is_theirs), "{who} saw what is not theirs");
    }
}
