//! A conversation in JSON.

use domain::{
    model::{Chat, Jid, Timestamp},
    ports::PortError,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::MessageView;
use crate::api::Api;

/// A conversation with a person or a group.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Chat")]
#[serde(rename_all = "camelCase")]
pub struct ChatView {
    id: Jid,
    name: Option<String>,
    is_group: bool,
    unread_count: u32,
    /// Whether somebody marked it as unread, whatever was read.
    marked_unread: bool,
    is_archived: bool,
    is_pinned: bool,
    is_muted: bool,
    /// In the year 9999 if it is muted for good.
    muted_until: Option<Timestamp>,
    last_message_at: Option<Timestamp>,
    last_message: Option<MessageView>,
}

impl ChatView {
    /// The conversation as it is now.
    pub async fn of(api: &Api, chat: Chat) -> Result<Self, PortError> {
        let now = api.clock.now();
        let muted_until = chat.muted_until.filter(|until| now < *until);
        let last_message = match chat.last_message {
            Some(message) => Some(MessageView::of(api, message).await?),
            None => None,
        };
        Ok(Self {
            is_group: chat.jid.is_group(),
            id: chat.jid,
            name: chat.name,
            unread_count: chat.unread,
            marked_unread: chat.marked_unread,
            is_archived: chat.archived,
            is_pinned: chat.pinned_at.is_some(),
            is_muted: muted_until.is_some(),
            muted_until,
            last_message_at: chat.last_message_at,
            last_message,
        })
    }

    /// As it may be.
    pub fn example() -> Value {
        json!({
            "id": "987654321@s.whatsapp.net",
            "name": "John Doe",
            "isGroup": false,
            "unreadCount": 0,
            "markedUnread": false,
            "isArchived": false,
            "isPinned": true,
            "isMuted": false,
            "mutedUntil": null,
            "lastMessageAt": "2024-01-01T10:00:00Z",
            "lastMessage": MessageView::example(),
        })
    }
}
