//! What is answered.

use axum::http::StatusCode;
use domain::model::{Jid, Message, MessageId, MessageStatus, Timestamp};
use media::Kind;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::MediaRequest;
use crate::{
    error::ApiError,
    files,
    openapi::Operation,
    reply::Success,
    sending::{Answer, answer::settled},
};

/// A file that was sent, or will be.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaSent {
    message_id: MessageId,
    recipient: Jid,
    media_type: &'static str,
    file_name: Option<String>,
    file_size: Option<u64>,
    timestamp: Timestamp,
    status: MessageStatus,
}

impl MediaSent {
    /// What there is to say of sending such files.
    pub fn doc(id: &'static str, summary: &'static str, kind: Kind, mut request: Value) -> Operation {
        request["sessionId"] = "user_123_device_my_device".into();
        request["recipient"] = "1234567890@s.whatsapp.net".into();
        let file_name = request.get("fileName").cloned().unwrap_or_else(|| files::word(kind).into());
        let example = |message: &str, status: &str| {
            json!({
                "success": true,
                "message": message,
                "data": {
                    "messageId": "msg_123456789",
                    "recipient": "1234567890@s.whatsapp.net",
                    "mediaType": files::word(kind),
                    "fileName": file_name,
                    "fileSize": 1_024_000,
                    "timestamp": "2024-01-01T10:00:00Z",
                    "status": status,
                },
            })
        };
        Operation::new(id, "Media", summary)
            .describe("The file comes in a form, or by its `url`, or by the `mediaId` of one that was handed in before.")
            .sends()
            .takes_form::<MediaRequest>(request, Some(kind))
            .answers::<Self>(200, "WhatsApp has it.", example("File sent successfully", "sent"))
            .answers::<Self>(202, "It will be sent.", example("Message accepted", "pending"))
            .refuses([ApiError::MediaNotFound])
    }

    pub(super) fn of(kind: Kind, message: Message) -> Result<Answer<Self>, ApiError> {
        let (code, status) = settled(&message)?;
        let text = match (kind, code == StatusCode::OK) {
            (Kind::Image, true) => "Image sent successfully",
            (Kind::Video, true) => "Video sent successfully",
            (Kind::Audio, true) => "Audio sent successfully",
            (Kind::Document, true) => "Document sent successfully",
            (Kind::Sticker, true) => "Sticker sent successfully",
            (_, false) => "Message accepted",
        };
        let file = message.media();
        let sent = Self {
            file_name: file.and_then(|file| file.file_name.clone()),
            file_size: file.map(|file| file.size_bytes),
            message_id: message.id,
            recipient: message.to.unwrap_or(message.chat),
            media_type: message.kind.as_str(),
            timestamp: message.timestamp,
            status,
        };
        Ok((code, Success::with(text, sent)))
    }
}
