//! `GET /users/{userId}/messages`: what a user's devices sent and received, newest first.

use std::sync::Arc;

use axum::{Extension, extract::State};
use domain::model::UserId;

use crate::{
    api::Api,
    auth::Caller,
    error::ApiError,
    extract::{Path, Query},
    history::{History, HistoryQuery, history},
    openapi::Operation,
    reply::Success,
    views::PageQuery,
};

pub fn doc() -> Operation {
    History::doc(Operation::new("listUserMessages", "Messages", "List the messages of a user's devices"))
}

pub async fn list(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Path(user): Path<UserId>,
    Query(query): Query<HistoryQuery>,
    Query(page): Query<PageQuery<50>>,
) -> Result<Success<History>, ApiError> {
    if !caller.may_see_user(user) {
        return Ok(History::empty(&page.request()));
    }
    let filter = query.filter(&api, Some(user)).await?;
    history(&api, &filter, page.request()).await
}
