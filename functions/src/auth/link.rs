//! Tokens of link pages: whoever has one may link one device for a while, and nothing else.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{
    model::{DeviceId, Timestamp},
    pipeline::sign,
};
use serde_json::json;
use subtle::ConstantTimeEq;

use crate::error::ApiError;

/// A token, made now, that is good for linking this device until `until`, in whole seconds.
pub fn seal(secret: &str, device: &DeviceId, now: Timestamp, until: Timestamp) -> String {
    let said = BASE64_URL_SAFE_NO_PAD.encode(json!([device, now.millis(), until.seconds()]).to_string());
    let signature = signature(secret, &said);
    format!("{said}.{signature}")
}

/// The device that this token is for at `now`, and when it was made.
pub fn unseal(secret: &str, token: &str, now: Timestamp) -> Result<(DeviceId, Timestamp), ApiError> {
    let (said, given) = token.split_once('.').ok_or(ApiError::NotFound)?;
    let genuine: bool = given.as_bytes().ct_eq(signature(secret, said).as_bytes()).into();
    if !genuine {
        return Err(ApiError::NotFound);
    }
    let said = BASE64_URL_SAFE_NO_PAD.decode(said).map_err(|_| ApiError::NotFound)?;
    let (device, made, until): (DeviceId, i64, i64) = serde_json::from_slice(&said).map_err(|_| ApiError::NotFound)?;
    if now.seconds() < until { Ok((device, Timestamp::from_millis(made))) } else { Err(ApiError::LinkExpired) }
}

/// What is signed begins as no JWT does, whose secret this is too: neither is worth anything as the other.
fn signature(secret: &str, said: &str) -> String {
    sign(secret, format!("link page: {said}").as_bytes())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::model::UserId;

    use super::{super::jwt, *};

    const SECRET: &str = "a secret of these tests";

    fn now() -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000)
    }

    fn device() -> DeviceId {
        DeviceId::parse("dev_1 \"é/.").unwrap()
    }

    #[test]
    fn a_link_is_good_for_its_device_until_it_expires() {
        let token = seal(SECRET, &device(), now(), now() + Duration::from_secs(60));
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "{token}");
        assert_eq!(unseal(SECRET, &token, now() + Duration::from_secs(59)).unwrap(), (device(), now()));
        for later in [60, 61, 1_000_000] {
            assert!(matches!(unseal(SECRET, &token, now() + Duration::from_secs(later)), Err(ApiError::LinkExpired)));
        }
    }

    #[test]
    fn a_link_that_was_changed_or_signed_by_somebody_else_is_none() {
        let token = seal(SECRET, &device(), now(), now() + Duration::from_secs(60));
        let (said, signature) = token.split_once('.').unwrap();
        let other = seal(SECRET, &DeviceId::parse("dev_2").unwrap(), now(), now() + Duration::from_secs(60));
        let forged = format!("{}.{signature}", other.split_once('.').unwrap().0);
        let unsigned = [said.to_owned(), format!("{said}."), format!("{said}.{}", &signature[1..]), format!("{token}0")];
        for text in unsigned.into_iter().chain([forged, String::new(), ".".into(), "é.é".into(), "..".into()]) {
            assert!(matches!(unseal(SECRET, &text, now()), Err(ApiError::NotFound)), "{text}");
        }
        assert!(matches!(unseal("another secret", &token, now()), Err(ApiError::NotFound)));
    }

    #[test]
    fn a_link_is_no_users_token_and_a_users_token_is_no_link() {
        let until = now() + Duration::from_secs(60);
        let link = seal(SECRET, &device(), now(), until);
        assert!(matches!(jwt::read(SECRET, &link, now()), Err(ApiError::InvalidApiToken)));
        let token = jwt::mint(SECRET, UserId::parse(1).unwrap(), now(), until).unwrap();
        assert!(matches!(unseal(SECRET, &token, now()), Err(ApiError::NotFound)));
        // Not even what is signed for the one can be passed off as what is signed for the other.
        let (said, signature) = token.rsplit_once('.').unwrap();
        assert!(matches!(unseal(SECRET, &format!("{}.{signature}", said.replace('.', "")), now()), Err(ApiError::NotFound)));
    }
}
