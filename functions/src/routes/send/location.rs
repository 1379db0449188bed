//! `POST /send/location`: a place on a map.

use std::sync::Arc;

use axum::extract::State;
use domain::{
    model::{Attachment, Degrees, Location, MessageType},
    pipeline::Draft,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};

use crate::{
    api::Api,
    error::ApiError,
    extract::Json,
    fields::{Object, Text},
    openapi::Operation,
    sending::{self, Answer, Options, Sent, Terms, recipient},
};
use serde_json::json;

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "SendLocation")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    session_id: Option<String>,
    recipient: String,
    latitude: Angle<90>,
    longitude: Angle<180>,
    name: Option<Text<0, 500>>,
    address: Option<Text<0, 500>>,
    #[serde(default)]
    options: Object<Options>,
}

pub fn doc() -> Operation {
    let operation = Operation::new("sendLocation", "Messaging", "Send a location").sends().takes::<Request>(json!({
        "sessionId": "user_123_device_my_device",
        "recipient": "1234567890@s.whatsapp.net",
        "latitude": -6.1754,
        "longitude": 106.8272,
        "name": "Monas",
        "address": "Gambir, Jakarta",
    }));
    Sent::doc(operation, "location")
}

pub async fn handle(State(api): State<Arc<Api>>, terms: Terms, Json(request): Json<Request>) -> Result<Answer<Sent>, ApiError> {
    let said = |text: Option<Text<0, 500>>| text.map(|Text(text)| text).filter(|text| !text.trim().is_empty());
    let location =
        Location { latitude: request.latitude.0, longitude: request.longitude.0, name: said(request.name), address: said(request.address) };
    let content = location.name.clone().or_else(|| location.address.clone()).unwrap_or_default();
    let draft = Draft {
        attachment: Some(Attachment::Location(location)),
        ..Draft::new(recipient(&request.recipient)?, MessageType::Location, content)
    };
    sending::send(&api, terms, request.session_id.as_deref(), draft, request.options.0).await
}

/// Degrees from `-LIMIT` to `LIMIT`.
#[derive(JsonSchema)]
#[schemars(inline, description = "", extend("minimum" = -f64::from(LIMIT), "maximum" = LIMIT))]
struct Angle<const LIMIT: u32>(Degrees);

impl<'de, const LIMIT: u32> Deserialize<'de> for Angle<LIMIT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let degrees = f64::deserialize(deserializer)?;
        let parsed = Degrees::parse(degrees, f64::from(LIMIT)).map(Self);
        parsed.ok_or_else(|| D::Error::custom(format_args!("expected degrees from -{LIMIT} to {LIMIT}, got {degrees}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_lies_on_the_globe() {
        for (json, good) in [("-90", true), ("6.2", true), ("90.1", false), ("1e300", false), ("\"6.2\"", false), ("null", false)] {
            assert_eq!(serde_json::from_str::<Angle<90>>(json).is_ok(), good, "{json}");
        }
    }
}
