//! `POST /devices/{id}/deliveries/replay`: tell the webhook once more what it did not take, or lost.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{EventId, Replay, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    api::Api,
    error::ApiError,
    extract::{Json, PathDevice},
    fields::List,
    history::{Since, Until},
    openapi::Operation,
    reply::Success,
    routes::devices::settings::webhook::deliver,
};

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "ReplayDeliveries")]
pub struct Request {
    /// These events, whether they were given up or not.
    ids: Option<List<EventId, 1000>>,
    /// Or those given up that happened from then on …
    since: Option<Since>,
    /// … until then.
    until: Option<Until>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Replayed")]
pub struct Response {
    /// How many are told once more.
    replayed: u64,
}

impl Request {
    fn which(self) -> Result<Replay, ApiError> {
        match (self.ids, self.since, self.until) {
            (Some(List(ids)), None, None) => Ok(Replay::Events(ids)),
            (None, Some(Since(since)), until) => Ok(Replay::Failed { since, until: until.map_or(Timestamp::MAX, |Until(until)| until) }),
            (Some(_), ..) => Err(ApiError::invalid("ids", "expected either these or a time")),
            (None, None, _) => Err(ApiError::invalid("since", "missing, as are ids: expected one of them")),
        }
    }
}

pub fn doc() -> Operation {
    Operation::new("replayDeliveries", "Deliveries", "Tell a device's webhook events once more")
        .describe(
            "By `ids`, as far as the events are still kept (a week at least), or all that were given up and happened in a time: `since` and `until` \
             are days or moments. They are told under the ids they had, at once if the webhook is not paused.",
        )
        .takes::<Request>(json!({"ids": ["evt_018cc5a1e2800123456789abcdef"]}))
        .answers::<Response>(
            200,
            "How many events are told once more.",
            json!({"success": true, "message": "Deliveries will be tried again", "data": {"replayed": 1}}),
        )
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Json(request): Json<Request>,
) -> Result<Success<Response>, ApiError> {
    let which = request.which()?;
    if device.webhook.is_none() {
        return Err(ApiError::Validation { details: "the device has no webhook: set its url first".into() });
    }
    let replayed = api.deliveries.replay(&device.id, &which, api.clock.now()).await?;
    deliver(&api, &device).await?;
    Ok(Success::with("Deliveries will be tried again", Response { replayed }))
}
