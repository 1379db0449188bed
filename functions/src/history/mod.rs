//! Lists of messages: what may be asked for, and what is answered.

mod dates;
mod query;

use domain::model::{MessageFilter, MessageTally, Page, PageRequest};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

pub use self::{
    dates::{Since, Until},
    query::HistoryQuery,
};
use crate::{
    api::Api,
    error::ApiError,
    openapi::Operation,
    reply::Success,
    views::{MessageView, PageQuery, Pagination, empty_page},
};

/// A page of messages, with figures on all of them.
#[derive(JsonSchema, Serialize)]
pub struct History {
    messages: Vec<MessageView>,
    pagination: Pagination,
    statistics: Statistics,
}

/// How many messages there are, on all pages.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "MessageStatistics")]
#[serde(rename_all = "camelCase")]
struct Statistics {
    total_messages: u64,
    sent_messages: u64,
    received_messages: u64,
    media_messages: u64,
    text_messages: u64,
}

/// The messages that meet the filter.
pub async fn history(api: &Api, filter: &MessageFilter, request: PageRequest) -> Result<Success<History>, ApiError> {
    let (page, tally) = tokio::try_join!(api.messages.list(filter, &request), api.messages.tally(filter))?;
    let pagination = Pagination::of(&request, &page);
    let messages = MessageView::all(api, page.items).await?;
    Ok(Success::of(History { messages, pagination, statistics: tally.into() }))
}

impl History {
    /// Says of an operation that this is what it lists.
    pub fn doc(operation: Operation) -> Operation {
        operation.query::<HistoryQuery>().query::<PageQuery<50>>().refuses([ApiError::InvalidPhoneNumber]).answers::<Self>(
            200,
            "A page of messages, newest first, with figures on all of them.",
            json!({
                "success": true,
                "data": {
                    "messages": [MessageView::example()],
                    "pagination": Pagination::example(),
                    "statistics": {
                        "totalMessages": 1250,
                        "sentMessages": 800,
                        "receivedMessages": 450,
                        "mediaMessages": 120,
                        "textMessages": 1130,
                    },
                },
            }),
        )
    }

    /// Of those who may see nothing.
    pub fn empty(request: &PageRequest) -> Success<Self> {
        let page: Page<()> = empty_page();
        let statistics = MessageTally::default().into();
        Success::of(Self { messages: Vec::new(), pagination: Pagination::of(request, &page), statistics })
    }
}

impl From<MessageTally> for Statistics {
    fn from(tally: MessageTally) -> Self {
        Self {
            total_messages: tally.total,
            sent_messages: tally.sent,
            received_messages: tally.received,
            media_messages: tally.media,
            text_messages: tally.text,
        }
    }
}
