//! Other ways to link than by a QR code alone: pairing codes, passkeys.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use wacore::store::InMemoryBackend;
use wacore::types::events::Event;
use whatsapp_rust::pair_code::PairCodeOptions;
use whatsapp_rust::passkey::Assertion;

use crate::net::{Companion, Net, text};

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";

async fn code(companion: &Companion, number: &str) -> String {
    let options = PairCodeOptions { phone_number: number.to_owned(), ..Default::default() };
    companion.client.pair_with_code(options).await.unwrap()
}

async fn enter(net: &Net, number: &str, code: &str) -> (u16, Value) {
    net.call(Method::POST, &format!("/phones/{number}/link-code"), json!({"code": code})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn pairs_by_code() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let companion = Companion::start(&net, Arc::new(InMemoryBackend::new())).await;
    companion.qr().await;
    let code = code(&companion, ANI).await;

    let wrong = if code.starts_with('A') { "BBBB-BBBB" } else { "AAAA-AAAA" };
    assert_eq!(enter(&net, ANI, wrong).await.0, 400);
    assert_eq!(enter(&net, ANI, "short").await.0, 400);
    assert_eq!(enter(&net, BUDI, &code).await.0, 400);
    ani.power(false).await;
    assert_eq!(enter(&net, ANI, &code).await.0, 409);
    ani.power(true).await;
    let typed = format!("{}-{}", &code[..4], code[4..].to_lowercase());
    assert_eq!(enter(&net, ANI, &typed).await, (200, json!({"device": 1})));
    companion.connected().await;
    assert_eq!(companion.client.pn().unwrap().user, ANI);
    assert_eq!(enter(&net, ANI, &code).await.0, 400);
    assert_eq!(text(&companion.message(&budi.write(ANI, "halo").await).await), "halo");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_a_companion_that_left_is_good_for_nothing() {
    let net = Net::start().await;
    net.phone(ANI, "Ani").await;
    let companion = Companion::start(&net, Arc::new(InMemoryBackend::new())).await;
    companion.qr().await;
    let code = code(&companion, ANI).await;
    companion.stop().await;
    assert!(matches!(enter(&net, ANI, &code).await.0, 400 | 408));
}

/// What the companion has to have signed.
async fn options(companion: &Companion) -> String {
    let wanted = |event: &Event| match event {
        Event::PairPasskeyRequest(request) => Some(request.request_options_json.clone()),
        _ => None,
    };
    companion.wait("request for a passkey", wanted).await
}

fn assertion(signed: &Value) -> Assertion {
    let credential_id = BASE64_URL_SAFE_NO_PAD.decode(signed["rawId"].as_str().unwrap()).unwrap();
    Assertion { assertion_json: signed.to_string().into_bytes(), credential_id }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_a_passkey_asks_for_it() {
    for by_code in [false, true] {
        let net = Net::start().await;
        let ani = net.phone(ANI, "Ani").await;
        ani.post("passkey", json!({"required": true})).await;
        let companion = Companion::start(&net, Arc::new(InMemoryBackend::new())).await;
        let qr = companion.qr().await;
        let (status, answer) = match by_code {
            false => net.call(Method::POST, &format!("/phones/{ANI}/scan"), json!({"qr": qr})).await,
            true => enter(&net, ANI, &code(&companion, ANI).await).await,
        };
        assert_eq!((status, &answer["passkey"]), (202, &json!("required")));
        let options: Value = serde_json::from_str(&options(&companion).await).unwrap();
        assert_eq!(ani.get("passkey").await, json!({"required": true, "code": null}));

        let signed = ani.post("passkey/assertion", json!({"options": options})).await;
        let mut forged = signed.clone();
        forged["response"]["signature"] = signed["response"]["authenticatorData"].clone();
        assert!(companion.client.send_passkey_response(assertion(&forged)).await.is_err());
        companion.client.send_passkey_response(assertion(&signed)).await.unwrap();
        let confirmation = companion.wait("code to compare", |event| match event {
            Event::PairPasskeyConfirmation(confirmation) => Some(confirmation.clone()),
            _ => None,
        });
        let confirmation = confirmation.await;
        assert!(!confirmation.skip_handoff_ux);
        assert_eq!(ani.get("passkey").await["code"], json!(confirmation.code));
        companion.client.send_passkey_confirmation().await.unwrap();
        companion.connected().await;
        assert_eq!(companion.client.pn().unwrap().user, ANI);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_signs_for_its_own_account_only() {
    let net = Net::start().await;
    let ani = net.phone(ANI, "Ani").await;
    let budi = net.phone(BUDI, "Budi").await;
    let path = format!("/phones/{BUDI}/passkey/assertion");
    assert_eq!(net.call(Method::POST, &path, json!({"options": {}})).await.0, 404);
    for phone in [&ani, &budi] {
        phone.post("passkey", json!({"required": true})).await;
    }
    let companion = Companion::start(&net, Arc::new(InMemoryBackend::new())).await;
    ani.post("scan", json!({"qr": companion.qr().await})).await;
    let options = options(&companion).await;
    assert_eq!(net.call(Method::POST, &path, json!({"options": options})).await.0, 400);
    assert_eq!(net.call(Method::POST, &path, json!({"options": "?"})).await.0, 400);
}
