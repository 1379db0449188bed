//! `GET /sessions`: the live connections of devices, the latest started first.

use std::sync::Arc;

use axum::{Extension, extract::State};
use domain::model::{SessionFilter, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    api::Api,
    auth::Caller,
    error::ApiError,
    extract::Query,
    openapi::Operation,
    reply::Success,
    views::{PageQuery, Pagination, SessionView},
};
use serde_json::json;

#[derive(JsonSchema, Deserialize)]
pub struct Filter {
    status: Option<SessionStatus>,
}

/// `active` for those that are kept alive, `inactive` for the others, or a device's status.
#[derive(Clone, Copy, Debug, JsonSchema, Deserialize)]
#[schemars(inline)]
#[serde(rename_all = "lowercase")]
enum SessionStatus {
    Active,
    Inactive,
    Pending,
    Connecting,
    Connected,
    Disconnected,
    Error,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Sessions")]
pub struct Response {
    sessions: Vec<SessionView>,
    pagination: Pagination,
}

pub fn doc() -> Operation {
    Operation::new("listSessions", "Sessions", "List sessions")
        .describe("Everybody's for the operator, their own for a user.")
        .query::<Filter>()
        .query::<PageQuery<20>>()
        .answers::<Response>(
            200,
            "A page of the devices that were ever connected, the latest started first.",
            json!({"success": true, "data": {"sessions": [SessionView::example()], "pagination": Pagination::example()}}),
        )
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Query(filter): Query<Filter>,
    Query(page): Query<PageQuery<20>>,
) -> Result<Success<Response>, ApiError> {
    let request = page.request();
    let filter = filter.status.map(SessionFilter::from).unwrap_or_default();
    let page = api.devices.sessions(caller.user(), &filter, &request).await?;
    let pagination = Pagination::of(&request, &page);
    let now = api.clock.now();
    let sessions = page.items.into_iter().map(|device| SessionView::of(device, now)).collect();
    Ok(Success::of(Response { sessions, pagination }))
}

impl From<SessionStatus> for SessionFilter {
    fn from(status: SessionStatus) -> Self {
        let status = match status {
            SessionStatus::Active => return Self { active: Some(true), status: None },
            SessionStatus::Inactive => return Self { active: Some(false), status: None },
            SessionStatus::Pending => Status::Pending,
            SessionStatus::Connecting => Status::Connecting,
            SessionStatus::Connected => Status::Connected,
            SessionStatus::Disconnected => Status::Disconnected,
            SessionStatus::Error => Status::Error,
        };
        Self { active: None, status: Some(status) }
    }
}
