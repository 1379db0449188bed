//! Devices that are linked by a code typed into the phone, or with a passkey.

use domain::model::{Command, Device, EventKind, Jid, Outcome, PairingCode, Session, Status};
use serde_json::json;

use super::world::{World, eventually};

const ANI: &str = "6281100000001";
const BUDI: &str = "6281100000002";

fn failed(error: &str) -> Outcome {
    Outcome::Failed { error: error.to_owned() }
}

async fn world() -> (World, Device) {
    let world = World::new().await;
    world.phone(ANI).await;
    world.phone(BUDI).await;
    let device = world.unlinked(ANI).await;
    (world, device)
}

impl World {
    async fn code(&self, device: &Device, phone: &str) -> PairingCode {
        match self.ask(&device.id, Command::PairingCode { phone: Jid::parse(phone).unwrap() }).await {
            Outcome::PairingCode(code) => code,
            other => panic!("{other:?}"),
        }
    }

    async fn session(&self, device: &Device, what: &str, is_so: impl Fn(&Session) -> bool) -> Session {
        eventually(what, async || Some(self.device(&device.id).await.session).filter(&is_so)).await
    }
}

#[tokio::test]
async fn a_device_is_linked_by_a_code_that_is_typed_into_the_phone() {
    let (world, device) = world().await;
    let mut events = world.events();
    let code = world.code(&device, ANI).await;
    assert_eq!((code.code.len(), &code.code[4..5]), (9, "-"));
    let session = world.session(&device, "there is a QR code beside it", |session| session.qr.is_some()).await;
    assert_eq!((session.pairing_code.as_ref(), session.status), (Some(&code), Status::Connecting));
    assert_eq!(world.code(&device, ANI).await, code, "the live one is good enough");
    world.post(&format!("/phones/{ANI}/link-code"), json!({"code": code.code})).await;
    let session = world.connected(&device.id).await.session;
    assert_eq!((session.phone, session.pairing_code, session.qr), (Some(Jid::parse(ANI).unwrap()), None, None));
    let mut codes = 0;
    while let Ok(event) = events.try_recv() {
        codes += usize::from(event.kind == EventKind::PairingCode);
    }
    assert_eq!(codes, 1);
    let again = Command::PairingCode { phone: Jid::parse(ANI).unwrap() };
    assert_eq!(world.ask(&device.id, again).await, failed("already_linked"));
}

#[tokio::test]
async fn a_code_for_another_phone_replaces_the_first_and_a_disconnection_takes_it_back() {
    let (world, device) = world().await;
    let first = world.code(&device, BUDI).await;
    let second = world.code(&device, ANI).await;
    assert_ne!(first.code, second.code);
    assert_eq!(world.session(&device, "it is shown", |_| true).await.pairing_code, Some(second));
    assert_eq!(world.ask(&device.id, Command::Disconnect).await, Outcome::Done);
    assert_eq!(world.session(&device, "it is gone", |_| true).await.pairing_code, None);
    let code = world.code(&device, ANI).await;
    world.post(&format!("/phones/{ANI}/link-code"), json!({"code": code.code})).await;
    world.connected(&device.id).await;
}

#[tokio::test]
async fn a_qr_code_is_good_beside_a_code_to_type_in() {
    let (world, device) = world().await;
    world.code(&device, BUDI).await;
    let session = world.session(&device, "there is a QR code", |session| session.qr.is_some()).await;
    world.post(&format!("/phones/{ANI}/scan"), json!({"qr": session.qr.unwrap().code})).await;
    let session = world.connected(&device.id).await.session;
    assert_eq!((session.phone, session.pairing_code), (Some(Jid::parse(ANI).unwrap()), None));
}

#[tokio::test]
async fn no_code_comes_while_whatsapp_is_not_there() {
    let (world, device) = world().await;
    world.post("/faults", json!({"refuseConnections": true})).await;
    let asked = Command::PairingCode { phone: Jid::parse(ANI).unwrap() };
    let outcome = world.ask(&device.id, asked).await;
    assert!([failed("not_connected"), failed("timeout")].contains(&outcome), "{outcome:?}");
    assert_eq!(world.ask(&device.id, Command::Disconnect).await, Outcome::Done);
}

#[tokio::test]
async fn an_account_confirms_with_its_passkey() {
    let (world, device) = world().await;
    world.post(&format!("/phones/{ANI}/passkey"), json!({"required": true})).await;
    assert_eq!(world.ask(&device.id, Command::ConfirmPasskey).await, failed("not_found"));
    let code = world.code(&device, ANI).await;
    world.post(&format!("/phones/{ANI}/link-code"), json!({"code": code.code})).await;
    let session = world.session(&device, "the passkey is asked", |session| session.passkey.is_some()).await;
    let request = session.passkey.unwrap().request;
    let answer = |assertion: String| Command::AnswerPasskey { assertion };
    assert_eq!(world.ask(&device.id, answer("{}".into())).await, failed("invalid_assertion"));
    let assertion = world.post(&format!("/phones/{ANI}/passkey/assertion"), json!({"options": request})).await;
    assert_eq!(world.ask(&device.id, answer(assertion.to_string())).await, Outcome::Done);
    let has_code = |session: &Session| session.passkey.as_ref().is_some_and(|passkey| passkey.code.is_some());
    let code = world.session(&device, "there is a code to compare", has_code).await.passkey.unwrap().code.unwrap();
    let shown: serde_json::Value =
        reqwest::get(format!("http://{}/phones/{ANI}/passkey", world.sandbox.addr())).await.unwrap().json().await.unwrap();
    assert_eq!(shown["code"], json!(code));
    assert_eq!(world.ask(&device.id, Command::ConfirmPasskey).await, Outcome::Done);
    assert_eq!(world.connected(&device.id).await.session.passkey, None);
}

#[tokio::test]
async fn a_passkey_that_does_not_vouch_ends_the_linking() {
    let (world, device) = world().await;
    for number in [ANI, BUDI] {
        world.post(&format!("/phones/{number}/passkey"), json!({"required": true})).await;
    }
    world.ask(&device.id, Command::Connect).await;
    let session = world.session(&device, "there is a QR code", |session| session.qr.is_some()).await;
    world.post(&format!("/phones/{ANI}/scan"), json!({"qr": session.qr.unwrap().code})).await;
    let session = world.session(&device, "the passkey is asked", |session| session.passkey.is_some()).await;
    let mut request: serde_json::Value = serde_json::from_str(&session.passkey.unwrap().request).unwrap();
    request["challenge"] = json!("bm90IHRoZSBjaGFsbGVuZ2U");
    let assertion = world.post(&format!("/phones/{ANI}/passkey/assertion"), json!({"options": request})).await;
    let outcome = world.ask(&device.id, Command::AnswerPasskey { assertion: assertion.to_string() }).await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    let session = world.session(&device, "it waits no more", |session| session.passkey.is_none()).await;
    assert_eq!(session.reason.as_deref(), Some("passkey_failed"));
}
