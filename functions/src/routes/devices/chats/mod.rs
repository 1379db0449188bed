//! `/devices/{id}/chats`

pub mod list;
pub mod live;

use domain::model::{ChatFilter, DeviceId, PageRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    api::Api,
    error::ApiError,
    fields::{Search, searched},
    openapi::Operation,
    reply::Success,
    views::{ChatView, PageQuery, Pagination},
};

/// Which conversations are asked for; all of it has to hold.
#[derive(JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatQuery {
    /// Whether only those count that have something unread.
    unread_only: Option<bool>,
    /// Part of a name or number.
    search: Option<Search>,
    archived: Option<bool>,
}

/// A page of conversations.
#[derive(JsonSchema, Serialize)]
pub struct Chats {
    chats: Vec<ChatView>,
    pagination: Pagination,
}

impl Chats {
    fn doc(operation: Operation) -> Operation {
        operation.query::<ChatQuery>().query::<PageQuery<20>>().answers::<Self>(
            200,
            "A page of conversations: pinned ones first, then those with the latest message.",
            json!({"success": true, "data": {"chats": [ChatView::example()], "pagination": Pagination::example()}}),
        )
    }

    async fn of(api: &Api, device: &DeviceId, query: ChatQuery, request: &PageRequest) -> Result<Success<Self>, ApiError> {
        let filter =
            ChatFilter { unread_only: query.unread_only.unwrap_or_default(), search: searched(query.search), archived: query.archived };
        let page = api.people.chats(device, &filter, request).await?;
        let pagination = Pagination::of(request, &page);
        let mut chats = Vec::with_capacity(page.items.len());
        for chat in page.items {
            chats.push(ChatView::of(api, chat).await?);
        }
        Ok(Success::of(Self { chats, pagination }))
    }
}
