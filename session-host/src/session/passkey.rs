//! Accounts that must confirm with their passkey that a device is linked.

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use domain::{
    model::{Command, EventData, Outcome, Passkey, Session},
    ports::Received,
};
use serde::Deserialize;
use tokio::time::timeout;
use wacore::types::events::{PairPasskeyConfirmation, PairPasskeyRequest};
use whatsapp_rust::passkey::{Assertion, build_webauthn_assertion_json};

use super::{
    Actor, Stop,
    linking::{DEADLINE, Linked},
    outcome::failed,
    refusal::Refusal,
};

const BASE64: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// What a browser makes of the passkey's answer (`PublicKeyCredential.toJSON()`), as far as WhatsApp takes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    raw_id: String,
    response: Response,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(rename = "clientDataJSON")]
    client_data_json: String,
    authenticator_data: String,
    signature: String,
    user_handle: Option<String>,
}

impl Actor {
    pub(super) async fn passkey_asked(&mut self, asked: &PairPasskeyRequest) -> Result<(), Stop> {
        let request = asked.request_options_json.clone();
        let data = EventData::PasskeyRequest { request: request.clone() };
        let next = Session { passkey: Some(Passkey { request, code: None }), ..self.session.clone() };
        self.store_session(next, Some(data)).await
    }

    /// Linking goes on once the same code was seen on both sides; where WhatsApp knows by itself that nobody sits in between, at once.
    pub(super) async fn passkey_to_confirm(&mut self, confirmation: &PairPasskeyConfirmation) -> Result<(), Stop> {
        if confirmation.skip_handoff_ux {
            self.confirm(None);
            return Ok(());
        }
        let Some(passkey) = self.session.passkey.clone() else { return Ok(()) };
        let code = confirmation.code.clone();
        let data = EventData::PasskeyConfirmation { code: code.clone() };
        let next = Session { passkey: Some(Passkey { code: Some(code), ..passkey }), ..self.session.clone() };
        self.store_session(next, Some(data)).await
    }

    pub(super) async fn answer_passkey(&mut self, received: Received) -> Result<(), Stop> {
        let Command::AnswerPasskey { assertion } = &received.envelope.command else { return Ok(()) };
        let refusal = match (&self.session.passkey, read(assertion)) {
            (None, _) => "not_found",
            (Some(passkey), _) if passkey.code.is_some() => "conflict",
            (Some(_), None) => "invalid_assertion",
            (Some(_), Some(assertion)) => match &self.link {
                None => "not_connected",
                Some(link) => {
                    let client = link.client.clone();
                    self.shared.acknowledge(std::slice::from_ref(&received.receipt)).await;
                    self.linking.tasks.spawn(async move {
                        let result = timeout(DEADLINE, client.send_passkey_response(assertion)).await;
                        Linked::Answered { received, result: result.map_or(Err(Refusal::TIMEOUT), |sent| Ok(sent?)) }
                    });
                    return Ok(());
                }
            },
        };
        self.done(received, failed(refusal)).await;
        Ok(())
    }

    pub(super) async fn passkey_answered(&mut self, received: Received, result: Result<(), Refusal>) -> Result<(), Stop> {
        let outcome = match result {
            Ok(()) => Outcome::Done,
            Err(refusal) => {
                self.passkey_failed().await?;
                refusal.into()
            }
        };
        self.shared.reply(&received, outcome).await;
        Ok(())
    }

    pub(super) async fn confirm_passkey(&mut self, received: Received) -> Result<(), Stop> {
        let waits = self.session.passkey.as_ref().is_some_and(|passkey| passkey.code.is_some());
        if !waits || self.link.is_none() {
            self.done(received, Refusal::NOT_FOUND.into()).await;
            return Ok(());
        }
        self.shared.acknowledge(std::slice::from_ref(&received.receipt)).await;
        self.confirm(Some(received));
        Ok(())
    }

    fn confirm(&mut self, received: Option<Received>) {
        let Some(link) = &self.link else { return };
        let client = link.client.clone();
        self.linking.tasks.spawn(async move {
            let result = timeout(DEADLINE, client.send_passkey_confirmation()).await;
            Linked::Confirmed { received, result: result.map_or(Err(Refusal::TIMEOUT), |sent| Ok(sent?)) }
        });
    }

    pub(super) async fn passkey_confirmed(&mut self, received: Option<Received>, result: Result<(), Refusal>) -> Result<(), Stop> {
        let outcome = match result {
            Ok(()) => Outcome::Done,
            Err(refusal) => {
                self.passkey_failed().await?;
                refusal.into()
            }
        };
        if let Some(received) = received {
            self.shared.reply(&received, outcome).await;
        }
        Ok(())
    }

    /// Linking waits for the passkey no more: it has to begin again.
    pub(super) async fn passkey_failed(&mut self) -> Result<(), Stop> {
        if self.session.passkey.is_none() || self.session.is_linked() {
            return Ok(());
        }
        let next = Session { passkey: None, reason: Some("passkey_failed".into()), ..self.session.clone() };
        self.enter(next).await
    }
}

/// The answer in the very form WhatsApp takes it.
fn read(assertion: &str) -> Option<Assertion> {
    let Credential { raw_id, response } = serde_json::from_str(assertion).ok()?;
    let bytes = |text: &str| BASE64.decode(text).ok();
    let credential_id = bytes(&raw_id).filter(|id| !id.is_empty())?;
    let user_handle = match &response.user_handle {
        Some(handle) => Some(bytes(handle)?),
        None => None,
    };
    let assertion_json = build_webauthn_assertion_json(
        &credential_id,
        &bytes(&response.client_data_json)?,
        &bytes(&response.authenticator_data)?,
        &bytes(&response.signature)?,
        user_handle.as_deref(),
    );
    Some(Assertion { assertion_json, credential_id })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_assertion_is_taken_as_browsers_give_it_and_nothing_else_is() {
        let given = json!({
            "id": "AQI", "rawId": "AQI", "type": "public-key", "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {"clientDataJSON": "e30=", "authenticatorData": "_-8", "signature": "AA", "userHandle": null},
        });
        let assertion = read(&given.to_string()).unwrap();
        let sent: Value = serde_json::from_slice(&assertion.assertion_json).unwrap();
        let response = json!({"clientDataJSON": "e30", "authenticatorData": "_-8", "signature": "AA", "userHandle": null});
        assert_eq!(sent, json!({"id": "AQI", "rawId": "AQI", "type": "public-key", "response": response}));
        assert_eq!(assertion.credential_id, [1, 2]);
        for broken in ["", "{}", r#"{"rawId":"","response":{"clientDataJSON":"","authenticatorData":"","signature":""}}"#] {
            assert!(read(broken).is_none(), "{broken}");
        }
    }
}
