//! `DELETE /phones/{number}/devices/{device}`: the companion is logged out.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::find;
use crate::control::ControlError;
use crate::control::error::Path;
use crate::devices;
use crate::world::World;

pub async fn remove(State(world): State<Arc<World>>, Path((number, device)): Path<(String, u16)>) -> Result<Json<Value>, ControlError> {
    let account = find(&world, &number)?;
    devices::unlink(&world, &account, device).ok_or_else(|| ControlError::not_found("no such device"))?;
    Ok(Json(json!({})))
}
