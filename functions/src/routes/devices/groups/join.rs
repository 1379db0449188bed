//! `POST /devices/{id}/groups/join`: go into the group that an invitation leads to.

use std::sync::Arc;

use axum::extract::State;
use domain::model::Command;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::json;

use super::{OneGroup, invite::LINK, made};
use crate::{
    api::Api,
    error::ApiError,
    extract::{Json, PathDevice},
    host,
    openapi::Operation,
    reply::Success,
};

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "JoinGroup")]
pub struct Request {
    invite: Code,
}

/// The last part of an invitation's link, or the whole link.
#[derive(Debug, JsonSchema)]
#[schemars(inline, extend("pattern" = "^(https://chat\\.whatsapp\\.com/(invite/)?)?[A-Za-z0-9_-]{1,64}([?#].*)?$"))]
struct Code(String);

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let code = text.strip_prefix(LINK).map_or(&*text, |rest| rest.strip_prefix("invite/").unwrap_or(rest));
        // Shared links come with a query that says who shared them.
        let code = code.split(['?', '#']).next().unwrap_or_default();
        let plain = code.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        if plain && (1..=64).contains(&code.len()) {
            Ok(Self(code.to_owned()))
        } else {
            Err(D::Error::custom("expected the link of an invitation, or its last part"))
        }
    }
}

pub fn doc() -> Operation {
    let mut example = OneGroup::example();
    example["message"] = "Group joined".into();
    Operation::new("joinGroup", "Groups", "Join a group by its invite link")
        .takes::<Request>(json!({"invite": "https://chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv"}))
        .asks_whatsapp()
        .refuses([ApiError::NotFound, ApiError::Forbidden(""), ApiError::Conflict("")])
        .answers::<OneGroup>(200, "The group.", example)
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Json(Request { invite: Code(code) }): Json<Request>,
) -> Result<Success<OneGroup>, ApiError> {
    let group = made(host::ask_on_line(&api, &device, Command::JoinGroup { code }).await?)?;
    Ok(Success::with("Group joined", OneGroup::of(&api, &device.id, &group).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_is_a_link_or_its_last_part() {
        let code = |text: &str| serde_json::from_value::<Code>(text.into()).map(|Code(code)| code).ok();
        for text in [
            "AbC-d_1",
            "https://chat.whatsapp.com/AbC-d_1",
            "https://chat.whatsapp.com/invite/AbC-d_1",
            "https://chat.whatsapp.com/AbC-d_1?mode=ac_t",
        ] {
            assert_eq!(code(text).as_deref(), Some("AbC-d_1"), "{text}");
        }
        for wrong in ["", "https://chat.whatsapp.com/", "https://example.com/AbC", "AbC d", "a/b", &"x".repeat(65)] {
            assert_eq!(code(wrong), None, "{wrong}");
        }
    }
}
