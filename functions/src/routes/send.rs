//! `POST /send`: a text to a person, a group or a channel.

use std::{fmt, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use domain::{
    model::{Device, Jid, Message, MessageId, MessageStatus, Outcome, Quoted, SessionId, Timestamp},
    pipeline::{Draft, Taken},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Visitor},
};
use tokio::time::Instant;

use crate::{
    api::Api,
    error::ApiError,
    extract::Json,
    fields::{Number, Object, Text},
    reply::Success,
};

/// How often the record is looked at while a reply may be somebody else's.
const GLANCE: Duration = Duration::from_millis(50);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    session_id: String,
    recipient: String,
    message: Text<1, 65_536>,
    #[serde(default)]
    options: Object<Options>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    #[serde(default)]
    quoted: Quote,
    delay: Option<Number<0, 3_600_000>>,
    #[serde(rename = "linkPreview")]
    #[expect(dead_code, reason = "checked only: texts go out without a preview")]
    link_preview: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    message_id: MessageId,
    recipient: Jid,
    timestamp: Timestamp,
    status: MessageStatus,
    message_type: &'static str,
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Success<Response>), ApiError> {
    let idempotency_key = idempotency_key(&headers)?;
    if request.message.0.trim().is_empty() {
        return Err(ApiError::invalid("message", "expected more than blanks"));
    }
    let to = Jid::parse(&request.recipient).ok().filter(Jid::is_recipient).ok_or(ApiError::InvalidPhoneNumber)?;
    let session = SessionId::parse(request.session_id).map_err(|_| ApiError::DeviceNotFound)?;
    let device = api.devices.find(&session).await?.ok_or(ApiError::DeviceNotFound)?;
    if !device.session.can_send() {
        // A repeated request is about its first message, whatever became of the device since.
        let first = match &idempotency_key {
            Some(key) => api.messages.accepted(&device.id, key).await?,
            None => None,
        };
        return answer(first.ok_or(ApiError::DeviceNotConnected)?);
    }
    let Object(options) = request.options;
    let delay = Duration::from_millis(options.delay.map_or(0, |Number(delay_ms)| delay_ms.into()));
    let wait = delay.is_zero() && !prefers_async(&headers);
    let repeatable = idempotency_key.is_some();
    let quoted = quote(&api, &device, options.quoted).await?;
    let draft = Draft { quoted, delay, ..Draft::text(to, request.message.0) };
    let taken = api.intake.message(&device, draft, idempotency_key.as_deref(), wait).await?;
    answer(outcome(&api, taken, repeatable).await?)
}

/// The accepted message as its outcome made it, or still pending if there is none in time.
///
/// Of several requests that wait for one message, one gets the reply: a `repeatable` one looks at the record as well.
async fn outcome(api: &Api, taken: Taken, repeatable: bool) -> Result<Message, ApiError> {
    let Taken { mut message, command } = taken;
    let Some(command) = command else { return Ok(message) };
    let deadline = Instant::now() + api.config.send_wait;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let wait = if repeatable { left.min(GLANCE) } else { left };
        match api.intake.outcome(&command, wait).await? {
            Some(Outcome::Sent { .. }) => {
                message.status = MessageStatus::Sent;
                return Ok(message);
            }
            Some(Outcome::Failed { error }) => {
                message.status = MessageStatus::Failed;
                message.error = Some(error);
                return Ok(message);
            }
            Some(Outcome::Done | Outcome::Removed(_)) | None => {}
        }
        if let Some(record) = api.messages.get(&message.device_id, &message.id).await? {
            message = record;
        }
        if message.status != MessageStatus::Pending || left.is_zero() {
            return Ok(message);
        }
    }
}

fn answer(message: Message) -> Result<(StatusCode, Success<Response>), ApiError> {
    let (code, text, status) = match message.status {
        MessageStatus::Failed => return Err(ApiError::MessageSendFailed { reason: message.error }),
        MessageStatus::Pending => (StatusCode::ACCEPTED, "Message accepted", MessageStatus::Pending),
        // However far it got by now: it was sent.
        MessageStatus::Sent | MessageStatus::Delivered | MessageStatus::Read => {
            (StatusCode::OK, "Message sent successfully", MessageStatus::Sent)
        }
    };
    let response = Response {
        message_id: message.id,
        recipient: message.to.unwrap_or(message.chat),
        timestamp: message.timestamp,
        status,
        message_type: message.kind.as_str(),
    };
    Ok((code, Success::with(text, response)))
}

async fn quote(api: &Api, device: &Device, Quote(id): Quote) -> Result<Option<Quoted>, ApiError> {
    let Some(id) = id else { return Ok(None) };
    let unknown = || ApiError::invalid("options.quoted", "the device has no such message");
    let id = MessageId::parse(id).map_err(|_| unknown())?;
    let message = api.messages.get(&device.id, &id).await?.ok_or_else(unknown)?;
    Ok(Some(message.quote()))
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

/// `false` and `null` for nothing, or the id of the message to answer.
#[derive(Default)]
struct Quote(Option<String>);

impl<'de> Deserialize<'de> for Quote {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct QuoteVisitor;

        impl Visitor<'_> for QuoteVisitor {
            type Value = Quote;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("false or the id of a message")
            }

            fn visit_bool<E: de::Error>(self, quoted: bool) -> Result<Quote, E> {
                if quoted { Err(E::invalid_value(de::Unexpected::Bool(true), &self)) } else { Ok(Quote(None)) }
            }

            fn visit_unit<E: de::Error>(self) -> Result<Quote, E> {
                Ok(Quote(None))
            }

            fn visit_str<E: de::Error>(self, id: &str) -> Result<Quote, E> {
                Ok(Quote(Some(id.to_owned())))
            }
        }

        deserializer.deserialize_any(QuoteVisitor)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn options(json: &str) -> Result<Options, String> {
        serde_json::from_str::<Object<Options>>(json).map(|Object(options)| options).map_err(|error| error.to_string())
    }

    #[test]
    fn quoted_is_false_or_an_id() {
        assert_eq!(options(r#"{"quoted":false,"linkPreview":true,"delay":0}"#).unwrap().quoted.0, None);
        assert_eq!(options(r#"{"quoted":"3EB0"}"#).unwrap().quoted.0.as_deref(), Some("3EB0"));
        for wrong in [r#"{"quoted":true}"#, r#"{"quoted":1}"#, r#"{"delay":3600001}"#, r#"{"linkPreview":"yes"}"#] {
            assert!(options(wrong).is_err(), "{wrong}");
        }
    }

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
