//! Signing webhook bodies, so that a receiver can tell ours from anybody's.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::model::{Event, Timestamp};

/// A webhook's body with the headers that prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedBody {
    /// The JSON, to be sent byte for byte.
    pub body: String,
    /// Header names, in lower case, and values.
    pub headers: [(&'static str, String); 4],
}

impl SignedBody {
    /// Signs an event, sent at `at`. The body's own `signature` is the HMAC of the body without that field; `X-Signature` is the HMAC
    /// of the body as sent; the `webhook-*` headers follow the Standard Webhooks specification.
    pub fn new(event: &Event, secret: &str, at: Timestamp) -> Self {
        Self::of(event.id.as_str(), &event.body(), secret, at)
    }

    /// The same for any JSON object that is not empty, under its `id`.
    pub fn of(id: &str, unsigned: &str, secret: &str, at: Timestamp) -> Self {
        let inner = sign(secret, unsigned.as_bytes());
        let open = unsigned.strip_suffix('}').expect("the body is a JSON object");
        let body = format!(r#"{open},"signature":"{inner}"}}"#);
        let seconds = at.seconds();
        let standard = hmac(&standard_key(secret), format!("{id}.{seconds}.{body}").as_bytes());
        Self {
            headers: [
                ("x-signature", format!("sha256={}", sign(secret, body.as_bytes()))),
                ("webhook-id", id.to_owned()),
                ("webhook-timestamp", seconds.to_string()),
                ("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(standard))),
            ],
            body,
        }
    }
}

/// The HMAC-SHA256 of `bytes` in hexadecimal, keyed by the secret as it is written.
pub fn sign(secret: &str, bytes: &[u8]) -> String {
    hex::encode(hmac(secret.as_bytes(), bytes))
}

/// Standard Webhooks writes its keys as `whsec_` and base64.
fn standard_key(secret: &str) -> Vec<u8> {
    secret.strip_prefix("whsec_").and_then(|encoded| BASE64_STANDARD.decode(encoded).ok()).unwrap_or_else(|| secret.as_bytes().to_vec())
}

fn hmac(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signatures_are_those_of_rfc_4231_and_of_the_standard_webhooks_specification() {
        assert_eq!(sign("Jefe", b"what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signed = hmac(&standard_key(secret), br#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#);
        assert_eq!(BASE64_STANDARD.encode(signed), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_body_holds_the_signature_of_the_body_without_it() {
        let signed = SignedBody::of("evt", r#"{"event":"x","data":{}}"#, "secret", Timestamp::from_millis(1000));
        let inner = sign("secret", br#"{"event":"x","data":{}}"#);
        assert_eq!(signed.body, format!(r#"{{"event":"x","data":{{}},"signature":"{inner}"}}"#));
        assert_eq!(signed.headers[0].1, format!("sha256={}", sign("secret", signed.body.as_bytes())));
    }
}
