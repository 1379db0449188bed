//! `GET /devices/{id}/settings/ai`: how the device answers by itself.

use serde_json::json;

use super::AiOfDevice;
use crate::{extract::PathDevice, openapi::Operation, reply::Success};

pub fn doc() -> Operation {
    Operation::new("getAiSettings", "Settings", "Get a device's AI settings").answers::<AiOfDevice>(
        200,
        "How the device answers by itself.",
        json!({"success": true, "data": AiOfDevice::example()}),
    )
}

pub async fn handle(PathDevice(device): PathDevice) -> Success<AiOfDevice> {
    Success::of(AiOfDevice { ai_settings: device.ai })
}
