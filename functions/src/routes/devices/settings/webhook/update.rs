//! `PUT /devices/{id}/settings/webhook`: change what is given, leave the rest.

use std::sync::Arc;

use axum::extract::State;
use domain::model::DeviceUpdate;
use serde_json::json;

use super::{WebhookOfDevice, changed};
use crate::{
    api::Api,
    error::ApiError,
    extract::{Json, PathDevice},
    openapi::Operation,
    reply::Success,
    settings::WebhookInput,
};

pub fn doc() -> Operation {
    Operation::new("updateWebhookSettings", "Settings", "Update a device's webhook settings")
        .describe(
            "What is left out stays as it is; the first time a `url` is needed. What waits for the webhook is tried at once as it is set then, and \
             a paused one is taken up again if its `url` is given.",
        )
        .takes::<WebhookInput>(json!({
            "enabled": true,
            "url": "https://new-webhook.com/whatsapp",
            "events": ["message", "connection", "qr", "media", "status"],
            "secret": "new_webhook_secret",
            "retryCount": 5,
            "timeout": 45000,
            "headers": {"Authorization": "Bearer new_token", "X-Custom-Header": "custom_value"},
        }))
        .answers::<WebhookOfDevice>(
            200,
            "Where and how the device's events are told from now on.",
            json!({"success": true, "message": "Webhook settings updated successfully", "data": WebhookOfDevice::example()}),
        )
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Json(input): Json<WebhookInput>,
) -> Result<Success<WebhookOfDevice>, ApiError> {
    let before = device.webhook.clone();
    let named = input.names_url();
    let webhook = input.over(device.webhook).ok_or_else(|| ApiError::invalid("url", "missing"))?;
    let update = DeviceUpdate { webhook: Some(Some(webhook)), ..DeviceUpdate::default() };
    let device = api.devices.update(&device.id, update, api.clock.now()).await?.ok_or(ApiError::DeviceNotFound)?;
    let device = changed(&api, before.as_ref(), named, device).await?;
    Ok(Success::with("Webhook settings updated successfully", WebhookOfDevice::of(device)))
}
