//! `POST /faults`: bad weather; what is left out stays as it is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ControlError;
use super::error::Body;
use crate::world::World;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Change {
    refuse_connections: Option<bool>,
    ack_delay_ms: Option<u64>,
    drop_connections: Option<bool>,
    query_delay_ms: Option<u64>,
    /// Of those about people and groups.
    fail_queries: Option<u32>,
    nack_next: Option<u32>,
    media_delay_ms: Option<u64>,
    fail_uploads: Option<u32>,
    fail_downloads: Option<u32>,
    truncate_downloads: Option<u32>,
    gone_downloads: Option<u32>,
    phones_lost_files: Option<bool>,
}

pub async fn change(State(world): State<Arc<World>>, Body(change): Body<Change>) -> Result<Json<Value>, ControlError> {
    if let Some(refuse) = change.refuse_connections {
        world.faults.refuse_connections(refuse);
    }
    if let Some(delay_ms) = change.ack_delay_ms {
        world.faults.delay_acks(delay_ms);
    }
    if let Some(delay_ms) = change.query_delay_ms {
        world.faults.delay_queries(delay_ms);
    }
    if let Some(count) = change.fail_queries {
        world.faults.fail_queries(count);
    }
    if let Some(count) = change.nack_next {
        world.faults.nack_next(count);
    }
    if let Some(delay_ms) = change.media_delay_ms {
        world.faults.delay_media(delay_ms);
    }
    if let Some(count) = change.fail_uploads {
        world.faults.fail_uploads(count);
    }
    if let Some(count) = change.fail_downloads {
        world.faults.fail_downloads(count);
    }
    if let Some(count) = change.truncate_downloads {
        world.faults.truncate_downloads(count);
    }
    if let Some(count) = change.gone_downloads {
        world.faults.lose_downloads(count);
    }
    if let Some(lost) = change.phones_lost_files {
        world.faults.lose_phones_files(lost);
    }
    if change.drop_connections == Some(true) {
        world.links.drop_all();
    }
    Ok(Json(json!({})))
}
