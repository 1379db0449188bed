//! `/devices/{id}/settings/webhook`

pub mod get;
pub mod test;
pub mod update;

use domain::model::{Command, Device, WebhookSettings};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{api::Api, error::ApiError, views::WebhookView};

/// Where and how a device's events are told.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookOfDevice {
    webhook_settings: WebhookView,
}

impl WebhookOfDevice {
    fn of(device: Device) -> Self {
        Self { webhook_settings: WebhookView::of(device.webhook, &device.deliveries) }
    }

    /// As it may be.
    fn example() -> Value {
        json!({"webhookSettings": WebhookView::example()})
    }
}

/// Has what waits tried at once, now that the webhook is no more what it was `before`; one that leads elsewhere has not failed yet. With `named`,
/// its URL was given, perhaps once more after an answer that got lost: then it is taken up again if it was paused.
/// Answers the device as it is then.
pub async fn changed(api: &Api, before: Option<&WebhookSettings>, named: bool, device: Device) -> Result<Device, ApiError> {
    let url = |webhook: Option<&WebhookSettings>| webhook.map(|webhook| webhook.url.clone());
    if url(before) == url(device.webhook.as_ref()) && !(named && device.deliveries.paused_at.is_some()) {
        deliver(api, &device).await?;
        return Ok(device);
    }
    works(api, &device).await?;
    api.devices.get(&device.id).await?.ok_or(ApiError::DeviceNotFound)
}

/// The webhook works, as far as is known: it is tried again if it was not any more, and gets at once what waits.
async fn works(api: &Api, device: &Device) -> Result<(), ApiError> {
    api.deliveries.resume(&device.id, api.clock.now()).await?;
    deliver(api, device).await
}

/// Has a host look at what waits.
pub async fn deliver(api: &Api, device: &Device) -> Result<(), ApiError> {
    api.intake.command(&device.id, Command::Deliver, false).await?;
    Ok(())
}
