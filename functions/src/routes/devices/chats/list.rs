//! `GET /devices/{id}/chats`: a device's conversations, each with what was last said in it.

use std::sync::Arc;

use axum::extract::State;

use super::{ChatQuery, Chats};
use crate::{
    api::Api,
    error::ApiError,
    extract::{PathDevice, Query},
    openapi::Operation,
    reply::Success,
    views::PageQuery,
};

pub fn doc() -> Operation {
    Chats::doc(Operation::new("listChats", "Chats", "List a device's chats"))
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Query(query): Query<ChatQuery>,
    Query(page): Query<PageQuery<20>>,
) -> Result<Success<Chats>, ApiError> {
    Chats::of(&api, &device.id, query, &page.request()).await
}
