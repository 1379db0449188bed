//! How a device answers by itself.

use serde::{Deserialize, Serialize};

/// Settings of a device's AI replies, in the contract's shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct AiSettings {
    /// Whether anything of this is in force.
    pub enabled: bool,
    /// Whether incoming messages are answered without being asked for.
    pub auto_reply: bool,
    /// What the bot calls itself.
    pub bot_name: String,
    /// The language it answers in, as an ISO 639-1 code.
    pub language: String,
    /// Longest answer, in tokens.
    pub max_tokens: u32,
    /// Sampling temperature, 0 to 2.
    pub temperature: f64,
    /// The model's name at its provider.
    pub model: String,
    /// What the model is told before the conversation.
    pub system_prompt: String,
    /// Words that call for an answer; empty means every message does.
    pub trigger_keywords: Vec<String>,
    /// Whether groups are left alone.
    pub exclude_groups: bool,
    /// When it answers.
    pub working_hours: WorkingHours,
    /// Fixed answers, tried before the model.
    pub auto_responses: Vec<AutoResponse>,
    /// Most tokens the model may use in a day (UTC), questions and answers together; 0 for as many as it likes.
    pub daily_token_limit: u32,
}

impl Default for AiSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            auto_reply: false,
            bot_name: "Assistant".into(),
            language: "id".into(),
            max_tokens: 500,
            temperature: 0.7,
            model: "gpt-3.5-turbo".into(),
            system_prompt: String::new(),
            trigger_keywords: Vec::new(),
            exclude_groups: true,
            working_hours: WorkingHours::default(),
            auto_responses: Vec::new(),
            daily_token_limit: 200_000,
        }
    }
}

/// The hours in which a device answers by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct WorkingHours {
    /// Whether the hours matter at all.
    pub enabled: bool,
    /// IANA name of the time zone.
    pub timezone: String,
    /// First minute, `HH:MM`.
    pub start: String,
    /// First minute after, `HH:MM`.
    pub end: String,
    /// English names of the days, in lower case.
    pub days: Vec<String>,
}

impl Default for WorkingHours {
    fn default() -> Self {
        Self {
            enabled: false,
            timezone: "Asia/Jakarta".into(),
            start: "09:00".into(),
            end: "17:00".into(),
            days: ["monday", "tuesday", "wednesday", "thursday", "friday"].map(Into::into).into(),
        }
    }
}

/// A fixed answer to messages that contain a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AutoResponse {
    /// What the message has to contain, whatever the case.
    pub trigger: String,
    /// What is answered.
    pub response: String,
}
