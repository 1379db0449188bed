//! `/devices/{id}/settings/ai`

pub mod get;
pub mod test;
pub mod update;

use domain::model::AiSettings;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// How a device answers by itself.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AiOfDevice {
    ai_settings: AiSettings,
}

impl AiOfDevice {
    /// As it may be.
    fn example() -> Value {
        json!({"aiSettings": {
            "enabled": true,
            "autoReply": true,
            "botName": "Support Bot",
            "language": "id",
            "maxTokens": 500,
            "temperature": 0.7,
            "model": "gpt-3.5-turbo",
            "systemPrompt": "You are a helpful customer support assistant.",
            "triggerKeywords": ["help", "support", "bantuan"],
            "excludeGroups": true,
            "workingHours": {
                "enabled": true,
                "timezone": "Asia/Jakarta",
                "start": "09:00",
                "end": "17:00",
                "days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            },
            "autoResponses": [{"trigger": "hello", "response": "Hello! How can I help you today?"}],
            "dailyTokenLimit": 200_000,
        }})
    }
}
