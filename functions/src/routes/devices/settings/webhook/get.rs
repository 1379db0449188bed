//! `GET /devices/{id}/settings/webhook`: where and how the device's events are told, and how that fares.

use serde_json::json;

use super::WebhookOfDevice;
use crate::{extract::PathDevice, openapi::Operation, reply::Success};

pub fn doc() -> Operation {
    Operation::new("getWebhookSettings", "Settings", "Get a device's webhook settings")
        .describe(
            "`status` is `active`, `failing` while it does not take what it is told, `paused` once it has not for a day, or `disabled`. A device \
             without a webhook has one that is disabled and leads nowhere.",
        )
        .answers::<WebhookOfDevice>(
            200,
            "Where and how the device's events are told.",
            json!({"success": true, "data": WebhookOfDevice::example()}),
        )
}

pub async fn handle(PathDevice(device): PathDevice) -> Success<WebhookOfDevice> {
    Success::of(WebhookOfDevice::of(device))
}
