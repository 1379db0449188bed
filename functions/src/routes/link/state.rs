//! `GET /link/{token}/state`: how linking stands; answered once it stands otherwise than `seen`, or after a while.

use std::{sync::Arc, time::Duration};

use axum::extract::State;
use domain::model::{Device, PairingCode, Qr, Status, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::LinkedTo;
use crate::{api::Api, console::fingerprint, error::ApiError, extract::Query, reply::Success};

const WAIT: Duration = Duration::from_secs(20);
const GLANCE: Duration = Duration::from_millis(250);
/// So much of its number tells people which of their accounts it is.
const TOLD_DIGITS: usize = 4;

#[derive(Deserialize)]
pub struct Last {
    /// The `version` the page shows already.
    #[serde(default)]
    seen: String,
}

/// No more than whoever links the account has to know.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    status: Status,
    reason: Option<String>,
    linked: bool,
    number_ends_with: Option<String>,
    qr: Option<String>,
    qr_image: Option<String>,
    pairing_code: Option<String>,
    /// Until when the code is good.
    expires_at: Option<Timestamp>,
    passkey: Option<Passkey>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Passkey {
    code: Option<String>,
}

#[derive(Serialize)]
pub struct Response {
    #[serde(flatten)]
    standing: Standing,
    version: String,
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    LinkedTo(mut device): LinkedTo,
    Query(Last { seen }): Query<Last>,
) -> Result<Success<Response>, ApiError> {
    let deadline = Instant::now() + WAIT;
    loop {
        let id = device.id.clone();
        let standing = Standing::of(device, api.clock.now());
        let version = fingerprint(&json!(standing).to_string());
        let over = version != seen || Instant::now() >= deadline;
        if over || api.closing.run_until_cancelled(sleep(GLANCE)).await.is_none() {
            return Ok(Success::of(Response { standing, version }));
        }
        device = api.devices.get(&id).await?.ok_or(ApiError::LinkExpired)?;
    }
}

impl Standing {
    fn of(device: Device, now: Timestamp) -> Self {
        let session = device.session;
        let linked = session.is_linked();
        let qr = session.qr.filter(|qr| now < qr.expires_at && !linked);
        let pairing = session.pairing_code.filter(|code| now < code.expires_at && !linked);
        let expires_at = qr.as_ref().map(|qr| qr.expires_at).or(pairing.as_ref().map(|code| code.expires_at));
        let (qr, qr_image) = qr.map(|Qr { code, image, .. }| (code, image)).unzip();
        Self {
            status: session.status,
            reason: session.reason,
            linked,
            number_ends_with: session.phone.map(|phone| {
                let digits = phone.to_contact();
                digits[digits.len().saturating_sub(TOLD_DIGITS)..].to_owned()
            }),
            qr,
            qr_image,
            pairing_code: pairing.map(|PairingCode { code, .. }| code),
            expires_at,
            passkey: session.passkey.filter(|_| !linked).map(|passkey| Passkey { code: passkey.code }),
        }
    }
}
