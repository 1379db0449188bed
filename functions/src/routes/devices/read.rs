//! `POST /devices/{id}/read`: tell the other side that its messages were seen.

use std::{collections::HashSet, sync::Arc};

use axum::extract::State;
use domain::model::{Command, Device, Direction, Jid, Message, MessageFilter, MessageId, MessageStatus, PageRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    api::Api,
    contact,
    error::ApiError,
    extract::{Json, PathDevice},
    fields::List,
    host,
    openapi::Operation,
    reply::Success,
};
use serde_json::json;

/// Most messages that are marked at once.
const MOST: usize = 500;

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "MarkRead")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    #[serde(alias = "chatId")]
    contact_id: String,
    /// All of the chat that were not read yet if left out.
    message_ids: Option<List<MessageId, MOST>>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "MarkedRead")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    contact_id: Jid,
    messages_read: usize,
}

pub fn doc() -> Operation {
    Operation::new("markRead", "Messages", "Mark messages as read")
        .takes::<Request>(json!({"contactId": "1234567890@s.whatsapp.net", "messageIds": ["msg_123456789"]}))
        .answers::<Response>(
            200,
            "How many messages were marked.",
            json!({
                "success": true,
                "message": "Messages marked as read",
                "data": {"contactId": "1234567890@s.whatsapp.net", "messagesRead": 1},
            }),
        )
        .asks_whatsapp()
        .refuses([ApiError::InvalidPhoneNumber])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Json(request): Json<Request>,
) -> Result<Success<Response>, ApiError> {
    host::on_line(&device)?;
    let chat = contact::chat(&api, &device.id, contact::parse("contactId", &request.contact_id)?).await?;
    let incoming = MessageFilter {
        device: Some(device.id.clone()),
        chat: Some(chat.clone()),
        direction: Some(Direction::Incoming),
        ..MessageFilter::default()
    };
    let messages = match request.message_ids {
        Some(List(ids)) => these(&api, &incoming, ids).await?,
        None => unread(&api, incoming).await?,
    };
    let messages_read = mark(&api, &device, chat.clone(), messages).await?;
    Ok(Success::with("Messages marked as read", Response { contact_id: chat, messages_read }))
}

/// Those of the chat's messages, without those that were read before.
async fn these(api: &Api, incoming: &MessageFilter, ids: Vec<MessageId>) -> Result<Vec<Message>, ApiError> {
    let one = PageRequest { page: 1, limit: 1, cursor: None };
    let mut found = Vec::with_capacity(ids.len());
    for (index, id) in ids.into_iter().enumerate() {
        let filter = MessageFilter { id: Some(id), ..incoming.clone() };
        let message = api.messages.list(&filter, &one).await?.items.pop();
        found.push(message.ok_or_else(|| ApiError::invalid(&format!("messageIds[{index}]"), "the chat has no such incoming message"))?);
    }
    let mut seen = HashSet::new();
    found.retain(|message: &Message| message.status != MessageStatus::Read && seen.insert(message.id.clone()));
    Ok(found)
}

/// The newest of the chat's messages that were not read yet.
async fn unread(api: &Api, incoming: MessageFilter) -> Result<Vec<Message>, ApiError> {
    let filter = MessageFilter { status: Some(MessageStatus::Delivered), ..incoming };
    let mut request = PageRequest { page: 1, limit: PageRequest::MAX_LIMIT, cursor: None };
    let mut found = Vec::new();
    loop {
        let page = api.messages.list(&filter, &request).await?;
        found.extend(page.items);
        match page.next {
            Some(next) if found.len() < MOST => request.cursor = Some(next),
            _ => break,
        }
    }
    found.truncate(MOST);
    Ok(found)
}

async fn mark(api: &Api, device: &Device, chat: Jid, messages: Vec<Message>) -> Result<usize, ApiError> {
    let count = messages.len();
    if count > 0 {
        let messages = messages.iter().map(Message::key).collect();
        host::ask(api, &device.id, Command::Read { chat, messages }).await?;
    }
    Ok(count)
}
