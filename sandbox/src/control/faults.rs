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
    nack_next: Option<u32>,
}

pub async fn change(State(world): State<Arc<World>>, Body(change): Body<Change>) -> Result<Json<Value>, ControlError> {
    if let Some(refuse) = change.refuse_connections {
        world.faults.refuse_connections(refuse);
    }
    if let Some(delay_ms) = change.ack_delay_ms {
        world.faults.delay_acks(delay_ms);
    }
    if let Some(count) = change.nack_next {
        world.faults.nack_next(count);
    }
    if change.drop_connections == Some(true) {
        world.links.drop_all();
    }
    Ok(Json(json!({})))
}
