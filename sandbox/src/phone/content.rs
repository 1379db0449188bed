//! What a decrypted message says, as far as the remote control tells.

use serde::Serialize;
use wacore::proto_helpers::MessageExt as _;
use waproto::whatsapp::{ContextInfo, Message};

#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub text: Option<String>,
    pub caption: Option<String>,
    pub file_name: Option<String>,
    pub mime_type: Option<String>,
    pub size: Option<u64>,
    pub sha256: Option<String>,
    pub quoted_id: Option<String>,
    pub voice_note: Option<bool>,
}

impl Content {
    /// `None` for messages between programs: nothing a person would see.
    pub fn of(message: &Message) -> Option<Self> {
        let message = message.get_base_message();
        if let Some(text) = &message.conversation {
            return Some(Self::text(text, None));
        }
        if let Some(extended) = message.extended_text_message.as_option() {
            let text = extended.text.as_deref().unwrap_or_default();
            return Some(Self::text(text, extended.context_info.as_option()));
        }
        if message.protocol_message.is_set() || message.sender_key_distribution_message.is_set() {
            return None;
        }
        Some(Self { kind: "unknown", ..Self::default() })
    }

    fn text(text: &str, context: Option<&ContextInfo>) -> Self {
        Self {
            kind: "text",
            text: Some(text.to_owned()),
            quoted_id: context.and_then(|context| context.stanza_id.clone()),
            ..Self::default()
        }
    }
}
