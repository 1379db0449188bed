//! `PUT /devices/{id}`: change what is given, leave the rest.

use std::sync::Arc;

use axum::extract::State;
use domain::model::DeviceUpdate;
use serde::{Deserialize, Serialize};

use super::{Alias, Description, create::session_of};
use crate::{
    api::Api,
    error::ApiError,
    extract::{Json, PathDevice},
    fields::{Object, nullable},
    reply::Success,
    settings::{AiInput, WebhookInput},
    views::DeviceView,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    alias: Option<Alias>,
    #[serde(default, deserialize_with = "nullable")]
    description: Option<Option<Description>>,
    #[serde(default, deserialize_with = "nullable")]
    webhook: Option<Option<Object<WebhookInput>>>,
    ai_settings: Option<Object<AiInput>>,
}

#[derive(Serialize)]
pub struct Response {
    device: DeviceView,
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
    let device = api.devices.update(&device.id, update, now).await?.ok_or(ApiError::DeviceNotFound)?;
    Ok(Success::with("Device updated successfully", Response { device: DeviceView::of(device, now) }))
}
