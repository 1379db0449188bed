//! What a request to send says besides its body: who sends, whether it repeats another, and whether its outcome is waited for.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use domain::{
    model::{Device, Message},
    pipeline::Draft,
};

use super::{Options, outcome};
use crate::{api::Api, auth::Caller, error::ApiError, host, limits::Limit};

/// Who sends, and how.
pub struct Terms {
    caller: Caller,
    idempotency_key: Option<String>,
    respond_async: bool,
    with_file: bool,
}

impl FromRequestParts<Arc<Api>> for Terms {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _api: &Arc<Api>) -> Result<Self, ApiError> {
        Ok(Self {
            caller: parts.extensions.get::<Caller>().cloned().ok_or(ApiError::InvalidApiToken)?,
            idempotency_key: idempotency_key(&parts.headers)?,
            respond_async: prefers_async(&parts.headers),
            with_file: false,
        })
    }
}

/// What becomes of a request to send.
pub enum Begun {
    /// It is a new one: what it asks for is to be sent.
    New(Box<Sender>),
    /// Its idempotency key was used before, by the request that sent this.
    Repeated(Box<Message>),
}

impl Terms {
    /// The same for a message that a file goes with.
    pub fn with_file(self) -> Self {
        Self { with_file: true, ..self }
    }

    /// Whether it needs no session id to know the device.
    pub fn knows_device(&self) -> bool {
        self.caller.own_device().is_some()
    }

    /// What names the request, if anything does.
    pub fn idempotency_key(&self) -> Option<&str> {
        self.idempotency_key.as_deref()
    }

    /// The device that is meant: the caller itself, or the one with this session id.
    pub async fn device(&self, api: &Api, session: Option<&str>) -> Result<Device, ApiError> {
        match (self.caller.own_device(), session) {
            (Some(device), _) => Ok(device.clone()),
            (None, Some(session)) => self.caller.session(api, session).await,
            (None, None) => Err(ApiError::Validation { details: "missing field `sessionId`".into() }),
        }
    }

    /// Looks whether the request was made before, whatever became of the device since, and then whether its device can send.
    /// A key that named something else, which is no such message, is refused: what it sent is no answer to this request.
    pub async fn begin(self, api: &Api, session: Option<&str>, is_such: impl FnOnce(&Message) -> bool) -> Result<Begun, ApiError> {
        let device = self.device(api, session).await?;
        if let Some(key) = &self.idempotency_key
            && let Some(first) = api.messages.accepted(&device.id, key).await?
        {
            if !is_such(&first) {
                return Err(ApiError::invalid("Idempotency-Key", "was used for a message of another type"));
            }
            let waits = !self.respond_async && first.due_at.is_none();
            let first = if waits { outcome::of_record(api, first).await? } else { first };
            return Ok(Begun::Repeated(first.into()));
        }
        self.over(api, device).await.map(Box::new).map(Begun::New)
    }

    /// The same for what leaves no message: that it was made before is seen by its WhatsApp id.
    pub async fn sender(self, api: &Api, session: Option<&str>) -> Result<Sender, ApiError> {
        let device = self.device(api, session).await?;
        self.over(api, device).await
    }

    /// The device that a file is handed in for, whether or not it can send.
    pub async fn taker(self, api: &Api, session: Option<&str>) -> Result<Device, ApiError> {
        let device = self.device(api, session).await?;
        self.caller.spend(api, &device, Limit::Media).await?;
        Ok(device)
    }

    async fn over(self, api: &Api, device: Device) -> Result<Sender, ApiError> {
        self.caller.spend(api, &device, Limit::Messages).await?;
        if self.with_file {
            self.caller.spend(api, &device, Limit::Media).await?;
        }
        if !device.session.can_send() {
            return Err(host::off_line(&device));
        }
        Ok(Sender { device, idempotency_key: self.idempotency_key, respond_async: self.respond_async })
    }
}

/// A device that can send something that was not asked for before.
pub struct Sender {
    /// The device.
    pub device: Device,
    /// Names the request.
    pub idempotency_key: Option<String>,
    /// Whether the outcome is not waited for.
    pub respond_async: bool,
}

impl Sender {
    /// Sends, and answers the record as the outcome made it; still pending if there is none in time.
    pub async fn send(&self, api: &Api, draft: Draft, options: Options) -> Result<Message, ApiError> {
        let draft = options.apply(api, &self.device, draft).await?;
        let waits = !self.respond_async && draft.delay.is_zero();
        let key = self.idempotency_key.as_deref();
        let reply = waits && api.config.replies_to_sends;
        let taken = api.intake.message(&self.device, draft, key, reply).await?;
        if waits && !reply { outcome::of_record(api, taken.message).await } else { outcome::of_message(api, taken, key.is_some()).await }
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    let printable = key.bytes().all(|b| matches!(b, b' '..=b'~'));
    if printable && (1..=200).contains(&key.len()) {
        Ok(Some(key.to_owned()))
    } else {
        Err(ApiError::invalid("Idempotency-Key", "expected 1 to 200 printable characters"))
    }
}

fn prefers_async(headers: &HeaderMap) -> bool {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|preference| preference.trim().eq_ignore_ascii_case("respond-async"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_preference_may_be_one_of_many() {
        let mut headers = HeaderMap::new();
        assert!(!prefers_async(&headers));
        headers.insert("prefer", HeaderValue::from_static("wait=5, Respond-Async"));
        assert!(prefers_async(&headers));
    }

    #[test]
    fn an_idempotency_key_is_short_printable_text() {
        for (key, good) in [("a b-7", true), ("", false), ("tab\tbed", false)] {
            let headers = HeaderMap::from_iter([("idempotency-key".parse().unwrap(), HeaderValue::from_static(key))]);
            assert_eq!(idempotency_key(&headers).is_ok(), good, "{key}");
        }
    }
}
