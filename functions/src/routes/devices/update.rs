//! `PUT /devices/{id}`: change what is given, leave the rest.

use std::sync::Arc;

use axum::extract::State;
use domain::model::DeviceUpdate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Alias, Description, create::session_of, settings::webhook::changed};
use crate::{
    api::Api,
    error::ApiError,
    extract::{Json, PathDevice},
    fields::{Object, nullable},
    openapi::Operation,
    reply::Success,
    settings::{AiInput, WebhookInput},
    views::DeviceView,
};
use serde_json::json;

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "UpdateDevice")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    alias: Option<Alias>,
    #[serde(default, deserialize_with = "nullable")]
    description: Option<Option<Description>>,
    #[serde(default, deserialize_with = "nullable")]
    webhook: Option<Option<Object<WebhookInput>>>,
    ai_settings: Option<Object<AiInput>>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "UpdatedDevice")]
pub struct Response {
    device: DeviceView,
}

pub fn doc() -> Operation {
    Operation::new("updateDevice", "Devices", "Update a device")
        .describe("What is left out stays as it is; `null` takes the description or the webhook away.")
        .takes::<Request>(json!({
            "alias": "Updated Device Name",
            "description": "Updated description",
            "webhook": {"url": "https://new-webhook.com/whatsapp", "events": ["message", "connection"]},
            "aiSettings": {"enabled": false},
        }))
        .answers::<Response>(
            200,
            "The device as it is now.",
            json!({"success": true, "message": "Device updated successfully", "data": {"device": DeviceView::example()}}),
        )
        .refuses([ApiError::DeviceAlreadyExists])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Json(request): Json<Request>,
) -> Result<Success<Response>, ApiError> {
    if let Some(alias) = &request.alias {
        // The device keeps its own session id, but two of a user's devices must not look as if they had the same.
        let namesake = api.devices.find(&session_of(device.user_id, alias)?).await?;
        if namesake.is_some_and(|namesake| namesake.id != device.id) {
            return Err(ApiError::DeviceAlreadyExists);
        }
    }
    let before = device.webhook.clone();
    let named = matches!(&request.webhook, Some(Some(Object(input))) if input.names_url());
    let webhook = match request.webhook {
        Some(Some(Object(input))) => Some(Some(input.over(device.webhook).ok_or_else(|| ApiError::invalid("webhook.url", "missing"))?)),
        Some(None) => Some(None),
        None => None,
    };
    let update = DeviceUpdate {
        alias: request.alias.map(|alias| alias.0),
        description: request.description.map(|description| description.map(|description| description.0)),
        webhook,
        ai: request.ai_settings.map(|Object(input)| input.over(device.ai)),
        api_key: None,
    };
    let now = api.clock.now();
    let set = update.webhook.is_some();
    let mut device = api.devices.update(&device.id, update, now).await?.ok_or(ApiError::DeviceNotFound)?;
    if set {
        device = changed(&api, before.as_ref(), named, device).await?;
    }
    Ok(Success::with("Device updated successfully", Response { device: DeviceView::of(device, now) }))
}
