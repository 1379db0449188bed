//! Requests the remote control turns down.

use reqwest::Method;
use serde_json::{Value, json};

use crate::net::Net;

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_get_an_error_that_fits() {
    let net = Net::start().await;
    net.phone("6281100000001", "Ani").await;
    let phone = "/phones/6281100000001";
    let nobody = "/phones/6281100000009";
    let cases = [
        (Method::POST, "/phones".to_owned(), json!({"number": "6281100000001", "name": "X"}), 409),
        (Method::POST, "/phones".to_owned(), json!({"number": "abc", "name": "X"}), 400),
        (Method::POST, "/phones".to_owned(), json!({"name": "X"}), 422),
        (Method::POST, "/phones".to_owned(), json!("x"), 422),
        (Method::GET, format!("{nobody}/messages"), Value::Null, 404),
        (Method::POST, format!("{nobody}/power"), json!({"on": true}), 404),
        (Method::POST, format!("{phone}/scan"), json!({"qr": "garbage"}), 400),
        (Method::POST, format!("{phone}/scan"), json!({"qr": unknown_qr()}), 400),
        (Method::POST, format!("{phone}/messages"), json!({"to": "?", "text": "x"}), 400),
        (Method::POST, format!("{phone}/messages"), json!({"to": "1@g.us", "text": "x"}), 404),
        (Method::POST, format!("{phone}/messages"), json!({"to": "6281100000009", "text": "x"}), 404),
        (Method::POST, format!("{phone}/read"), json!({"chat": "6281100000009"}), 404),
        (Method::POST, format!("{phone}/ban"), json!({"seconds": -1}), 422),
        (Method::POST, format!("{phone}/contacts"), json!({"number": "abc", "name": "X"}), 400),
        (Method::DELETE, format!("{phone}/contacts/6281100000009"), Value::Null, 404),
        (Method::POST, format!("{phone}/chats/6281100000009"), json!({"loud": true}), 422),
        (Method::PUT, format!("{phone}/profile"), json!({"picture": "?"}), 400),
        (Method::POST, format!("{phone}/block"), json!({"number": "6281100000009", "blocked": true}), 404),
        (Method::POST, format!("{phone}/link-code"), json!({"code": "ABCD-EFGH"}), 400),
        (Method::POST, format!("{phone}/passkey/assertion"), json!({"options": {}}), 404),
        (Method::POST, "/groups".to_owned(), json!({"subject": "", "owner": "6281100000001"}), 400),
        (Method::PUT, "/groups/1@g.us".to_owned(), json!({"by": "6281100000001"}), 404),
        (Method::POST, "/groups/join".to_owned(), json!({"by": "6281100000001", "code": "x"}), 400),
        (Method::DELETE, format!("{phone}/devices/1"), Value::Null, 404),
        (Method::DELETE, format!("{phone}/devices/x"), Value::Null, 400),
        (Method::POST, "/faults".to_owned(), json!({"rain": true}), 422),
        (Method::GET, "/nowhere".to_owned(), Value::Null, 404),
        (Method::PUT, "/reset".to_owned(), Value::Null, 405),
        (Method::GET, "/ws/chat".to_owned(), Value::Null, 400),
    ];
    for (method, path, body, expected) in cases {
        let (status, answer) = net.call(method.clone(), &path, body.clone()).await;
        assert_eq!(status, expected, "{method} {path} {body}: {answer}");
        assert!(answer["error"].is_string(), "{method} {path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_empties_the_world() {
    let net = Net::start().await;
    net.phone("6281100000001", "Ani").await;
    net.post("/reset", json!({})).await;
    net.phone("6281100000001", "Ani").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_addresses_than_loopback_are_refused() {
    let started = sandbox::Sandbox::start(([0, 0, 0, 0], 0).into()).await;
    assert_eq!(started.err().unwrap().kind(), std::io::ErrorKind::InvalidInput);
}

fn unknown_qr() -> String {
    use base64::Engine as _;
    let key = base64::prelude::BASE64_STANDARD.encode([7; 32]);
    format!("2@unknown,{key},{key},{key},1")
}
