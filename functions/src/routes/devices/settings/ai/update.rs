//! `PUT /devices/{id}/settings/ai`: change what is given, leave the rest.

use std::sync::Arc;

use axum::extract::State;
use domain::model::DeviceUpdate;
use serde_json::json;

use super::AiOfDevice;
use crate::{
    api::Api,
    error::ApiError,
    extract::{Json, PathDevice},
    openapi::Operation,
    reply::Success,
    settings::AiInput,
};

pub fn doc() -> Operation {
    Operation::new("updateAiSettings", "Settings", "Update a device's AI settings")
        .describe(
            "What is left out stays as it is. With `enabled` and `autoReply`, the device answers what people write to it by itself: with the first of \
             `autoResponses` whose `trigger` is in a message as a whole word or phrase, else by the model if one of `triggerKeywords` is, or if \
             there are none. `workingHours` and `excludeGroups` hold for both. Hours that end before they begin go over midnight and belong to the \
             day they began. A model named `gemini-…` is Google's, any other is asked for at OpenAI, or at the endpoint that speaks like it. \
             `dailyTokenLimit` is what the model may use a day (UTC), 0 for as much as it likes.",
        )
        .takes::<AiInput>(json!({
            "enabled": true,
            "autoReply": true,
            "botName": "Customer Support Bot",
            "language": "id",
            "maxTokens": 1000,
            "temperature": 0.8,
            "model": "gpt-4",
            "systemPrompt": "You are a helpful customer support assistant for an e-commerce platform.",
            "triggerKeywords": ["help", "support", "bantuan", "info"],
            "excludeGroups": true,
            "workingHours": {
                "enabled": true,
                "timezone": "Asia/Jakarta",
                "start": "08:00",
                "end": "20:00",
                "days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday"],
            },
            "autoResponses": [
                {"trigger": "hello", "response": "Halo! Ada yang bisa saya bantu?"},
                {"trigger": "price", "response": "Untuk informasi harga, silakan kunjungi website kami atau hubungi sales team."},
            ],
        }))
        .answers::<AiOfDevice>(
            200,
            "The settings as they are now.",
            json!({"success": true, "message": "AI settings updated successfully", "data": AiOfDevice::example()}),
        )
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Json(input): Json<AiInput>,
) -> Result<Success<AiOfDevice>, ApiError> {
    let update = DeviceUpdate { ai: Some(input.over(device.ai)), ..DeviceUpdate::default() };
    let device = api.devices.update(&device.id, update, api.clock.now()).await?.ok_or(ApiError::DeviceNotFound)?;
    Ok(Success::with("AI settings updated successfully", AiOfDevice { ai_settings: device.ai }))
}
