//! `GET /messages`: the messages there are, newest first.

use std::sync::Arc;

use axum::{Extension, extract::State};

use crate::{
    api::Api,
    auth::Caller,
    error::ApiError,
    extract::Query,
    history::{History, HistoryQuery, history},
    openapi::Operation,
    reply::Success,
    views::PageQuery,
};

pub fn doc() -> Operation {
    History::doc(Operation::new("listMessages", "Messages", "List messages"))
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<HistoryQuery>,
    Query(page): Query<PageQuery<50>>,
) -> Result<Success<History>, ApiError> {
    let filter = query.filter(&api, caller.user()).await?;
    history(&api, &filter, page.request()).await
}
