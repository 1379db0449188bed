//! A passkey (WebAuthn, P-256) as the person's browser holds it, and how WhatsApp checks what it
//! signed.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::RngExt as _;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const RELYING_PARTY: &str = "web.whatsapp.com";
const ORIGIN: &str = "https://web.whatsapp.com";
const CEREMONY: &str = "webauthn.get";
/// The person was there, and unlocked the device.
const PRESENT_AND_VERIFIED: u8 = 0x05;
const TIMEOUT_MS: u64 = 60_000;

pub struct Passkey {
    credential: [u8; 16],
    key: EcdsaKeyPair,
    /// What the phone shows, to be compared with what the companion shows.
    code: Mutex<Option<String>>,
}

impl Passkey {
    /// `None` if there is no randomness to be had.
    pub fn generate() -> Option<Self> {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).ok()?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).ok()?;
        Some(Self { credential: rand::rng().random(), key, code: Mutex::default() })
    }

    /// What a browser needs to sign, as JSON.
    pub fn options(&self, challenge: &[u8]) -> String {
        let credential = json!({ "type": "public-key", "id": encode(&self.credential) });
        json!({
            "challenge": encode(challenge),
            "rpId": RELYING_PARTY,
            "allowCredentials": [credential],
            "userVerification": "required",
            "timeout": TIMEOUT_MS,
        })
        .to_string()
    }

    /// Signs as the browser would; `None` if the options are not for this passkey.
    pub fn sign(&self, options: &Value) -> Option<Value> {
        let challenge = options["challenge"].as_str()?;
        let credential = encode(&self.credential);
        let mut allowed = options["allowCredentials"].as_array()?.iter();
        if options["rpId"] != RELYING_PARTY || !allowed.any(|allowed| allowed["id"] == credential) {
            return None;
        }
        let client_data = json!({ "type": CEREMONY, "challenge": challenge, "origin": ORIGIN, "crossOrigin": false }).to_string();
        let authenticator_data = [&Sha256::digest(RELYING_PARTY)[..], &[PRESENT_AND_VERIFIED], &[0; 4]].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed(&authenticator_data, client_data.as_bytes())).ok()?;
        Some(json!({
            "id": credential,
            "rawId": credential,
            "type": "public-key",
            "response": {
                "clientDataJSON": encode(client_data.as_bytes()),
                "authenticatorData": encode(&authenticator_data),
                "signature": encode(signature.as_ref()),
                "userHandle": null,
            },
        }))
    }

    /// Whether the assertion answers this challenge and was signed by this passkey.
    pub fn vouches(&self, credential: &[u8], challenge: &[u8], assertion: &[u8]) -> bool {
        credential == self.credential && self.check(challenge, assertion).is_some()
    }

    fn check(&self, challenge: &[u8], assertion: &[u8]) -> Option<()> {
        let assertion: Value = serde_json::from_slice(assertion).ok()?;
        let field = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(assertion["response"][name].as_str()?.trim_end_matches('=')).ok();
        let (client_data, authenticator_data) = (field("clientDataJSON")?, field("authenticatorData")?);
        let said: Value = serde_json::from_slice(&client_data).ok()?;
        if said["type"] != CEREMONY || said["challenge"] != encode(challenge) || said["origin"] != ORIGIN {
            return None;
        }
        let (party, rest) = authenticator_data.split_at_checked(32)?;
        if party != &Sha256::digest(RELYING_PARTY)[..] || rest.first()? & PRESENT_AND_VERIFIED != PRESENT_AND_VERIFIED {
            return None;
        }
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, self.key.public_key().as_ref());
        public.verify(&signed(&authenticator_data, &client_data), &field("signature")?).ok()
    }

    pub fn show(&self, code: String) {
        *self.code.lock().unwrap_or_else(PoisonError::into_inner) = Some(code);
    }

    pub fn code(&self) -> Option<String> {
        self.code.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn signed(authenticator_data: &[u8], client_data: &[u8]) -> Vec<u8> {
    [authenticator_data, &Sha256::digest(client_data)[..]].concat()
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_assertion_for_the_challenge_vouches() {
        let (passkey, other) = (Passkey::generate().unwrap(), Passkey::generate().unwrap());
        let options = serde_json::from_str(&passkey.options(b"challenge")).unwrap();
        let assertion = passkey.sign(&options).unwrap().to_string().into_bytes();
        assert!(passkey.vouches(&passkey.credential, b"challenge", &assertion));
        assert!(!passkey.vouches(&passkey.credential, b"another", &assertion));
        assert!(!other.vouches(&other.credential, b"challenge", &assertion));
        assert!(!passkey.vouches(&passkey.credential, b"challenge", b"{}"));
        assert!(other.sign(&options).is_none());
    }
}
