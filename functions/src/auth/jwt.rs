//! The tokens of users: HS256 alone, whatever a token says of itself.

use domain::model::{Timestamp, UserId};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    decode, encode,
    errors::ErrorKind,
    signature::{self, Signer, Verifier},
};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::error::ApiError;

/// How far the clock of whoever made a token may be ahead of ours, in seconds.
const CLOCK_SKEW: f64 = 30.0;

/// Who bears a token, and until when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bearer {
    pub user: UserId,
    pub expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Claims {
    sub: Subject,
    exp: f64,
    nbf: Option<f64>,
}

/// A user's id, as a number or as its text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Subject {
    Number(u64),
    Text(String),
}

#[derive(Serialize)]
struct NewClaims {
    sub: String,
    iat: i64,
    exp: i64,
}

/// A token for a user, good until `expires_at`, in whole seconds.
pub fn mint(secret: &str, user: UserId, now: Timestamp, expires_at: Timestamp) -> Result<String, ApiError> {
    install();
    let claims = NewClaims { sub: user.to_string(), iat: now.seconds(), exp: expires_at.seconds() };
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(|error| ApiError::Internal(error.into()))
}

/// Who bears this token at `now`.
pub fn read(secret: &str, token: &str, now: Timestamp) -> Result<Bearer, ApiError> {
    install();
    let mut validation = Validation::new(Algorithm::HS256);
    // By our own clock, below.
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(secret.as_bytes());
    let claims = decode::<Claims>(token, &key, &validation).map_err(|_| ApiError::InvalidApiToken)?.claims;
    let user = claims.sub.user().ok_or(ApiError::InvalidApiToken)?;
    // JSON has no NaN, so each of these is a comparison of numbers.
    let seconds = now.millis() as f64 / 1000.0;
    if claims.nbf.is_some_and(|nbf| seconds + CLOCK_SKEW < nbf) {
        return Err(ApiError::InvalidApiToken);
    }
    if seconds >= claims.exp {
        return Err(ApiError::ApiTokenExpired);
    }
    Ok(Bearer { user, expires_at: Timestamp::from_millis((claims.exp * 1000.0) as i64) })
}

impl Subject {
    fn user(self) -> Option<UserId> {
        let number = match self {
            Self::Number(number) => number,
            Self::Text(text) => text.parse().ok().filter(|number: &u64| number.to_string() == text)?,
        };
        UserId::parse(number).ok()
    }
}

/// The library brings RSA and elliptic curves or nothing; a third of a page of HMAC is all that is needed.
static HMAC: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(algorithm, key.as_bytes())?)),
    verifier_factory: |algorithm, key| Ok(Box::new(Hs256::new(algorithm, key.try_get_as_bytes()?)?)),
    key_utils: KeyUtils::new_unimplemented(),
};

fn install() {
    // Only the first time counts.
    let _ = HMAC.install_default();
}

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(algorithm: &Algorithm, key: &[u8]) -> jsonwebtoken::errors::Result<Self> {
        match algorithm {
            Algorithm::HS256 => Hmac::new_from_slice(key).map(Self).map_err(|_| ErrorKind::InvalidKeyFormat.into()),
            _ => Err(ErrorKind::InvalidAlgorithm.into()),
        }
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        // In constant time.
        self.0.clone().chain_update(message).verify_slice(signature).map_err(signature::Error::from_source)
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use domain::pipeline::sign;

    use super::*;

    const SECRET: &str = "a secret of these tests";
    const NOW: i64 = 1_700_000_000;

    /// A token of any kind, signed with HMAC-SHA256.
    fn token(header: &str, claims: &str) -> String {
        let said = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).join(".");
        let signature = hex_bytes(&sign(SECRET, said.as_bytes()));
        format!("{said}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    fn hex_bytes(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    fn of(claims: &str) -> Result<Bearer, ApiError> {
        read(SECRET, &token(r#"{"alg":"HS256","typ":"JWT"}"#, claims), Timestamp::from_millis(NOW * 1000))
    }

    fn is_invalid(result: &Result<Bearer, ApiError>) -> bool {
        matches!(result, Err(ApiError::InvalidApiToken))
    }

    #[test]
    fn a_minted_token_names_its_user_until_it_expires() {
        let (user, now) = (UserId::parse(123).unwrap(), Timestamp::from_millis(NOW * 1000 + 500));
        let expires_at = Timestamp::from_millis((NOW + 60) * 1000);
        let token = mint(SECRET, user, now, expires_at).unwrap();
        assert_eq!(read(SECRET, &token, now).unwrap(), Bearer { user, expires_at });
        assert!(matches!(read(SECRET, &token, expires_at), Err(ApiError::ApiTokenExpired)));
        assert!(is_invalid(&read("another secret", &token, now)));
        for broken in [token[1..].to_owned(), token[..token.len() - 2].to_owned(), format!("{token}x"), token.replacen('.', "..", 1)] {
            assert!(is_invalid(&read(SECRET, &broken, now)), "{broken}");
        }
    }

    #[test]
    fn the_user_is_a_number_or_its_text() {
        for sub in ["7", "\"7\""] {
            let claims = format!(r#"{{"sub":{sub},"exp":{}}}"#, NOW + 1);
            assert_eq!(of(&claims).unwrap().user, UserId::parse(7).unwrap(), "{sub}");
        }
        for sub in ["\"\"", "\"07\"", "\"+7\"", "\"seven\"", "-7", "7.5", "null", "[7]", "9007199254740992", "\"9007199254740992\""] {
            assert!(is_invalid(&of(&format!(r#"{{"sub":{sub},"exp":{}}}"#, NOW + 1))), "{sub}");
        }
    }

    #[test]
    fn a_token_expires_and_may_not_be_good_yet() {
        assert!(of(&format!(r#"{{"sub":7,"exp":{}.5}}"#, NOW)).is_ok());
        for exp in [NOW, NOW - 1, 0] {
            assert!(matches!(of(&format!(r#"{{"sub":7,"exp":{exp}}}"#)), Err(ApiError::ApiTokenExpired)), "{exp}");
        }
        assert!(of(&format!(r#"{{"sub":7,"exp":1e15,"nbf":{}}}"#, NOW + 30)).is_ok());
        for claims in
            [r#"{"sub":7}"#.to_owned(), r#"{"sub":7,"exp":"never"}"#.to_owned(), format!(r#"{{"sub":7,"exp":1e15,"nbf":{}}}"#, NOW + 31)]
        {
            assert!(is_invalid(&of(&claims)), "{claims}");
        }
    }

    #[test]
    fn no_other_algorithm_will_do_and_none_least_of_all() {
        let claims = format!(r#"{{"sub":7,"exp":{}}}"#, NOW + 60);
        let now = Timestamp::from_millis(NOW * 1000);
        for algorithm in ["none", "None", "HS384", "HS512", "RS256", "ES256", "hs256"] {
            let signed = token(&format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#), &claims);
            let (bare, _) = signed.rsplit_once('.').unwrap();
            for token in [signed.clone(), format!("{bare}."), bare.to_owned()] {
                assert!(is_invalid(&read(SECRET, &token, now)), "{token}");
            }
        }
        for text in ["", ".", "..", "...", "a.b.c", "é.é.é"] {
            assert!(is_invalid(&read(SECRET, text, now)), "{text}");
        }
    }
}
