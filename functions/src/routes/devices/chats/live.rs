//! `GET /devices/{id}/chats/live`: the same as without `live`, as WhatsApp has it now.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{Command, Refresh};

use super::{ChatQuery, Chats};
use crate::{
    api::Api,
    error::ApiError,
    extract::{PathDevice, Query},
    host,
    openapi::Operation,
    reply::Success,
    views::PageQuery,
};

pub fn doc() -> Operation {
    Chats::doc(Operation::new("fetchChats", "Chats", "Fetch a device's chats from WhatsApp"))
        .describe("Which of them are archived, pinned, muted and read.")
        .asks_whatsapp()
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Query(query): Query<ChatQuery>,
    Query(page): Query<PageQuery<20>>,
) -> Result<Success<Chats>, ApiError> {
    host::ask_on_line(&api, &device, Command::Refresh(Refresh::Chats)).await?;
    Chats::of(&api, &device.id, query, &page.request()).await
}
