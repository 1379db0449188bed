//! `POST /phones/{number}/ban`: keeps the account's companions out for a while; 0 lifts it.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::find;
use crate::control::ControlError;
use crate::control::error::{Body, Path};
use crate::login;
use crate::world::World;

#[derive(Deserialize)]
pub struct Ban {
    seconds: u32,
}

pub async fn ban(State(world): State<Arc<World>>, Path(number): Path<String>, Body(ban): Body<Ban>) -> Result<Json<Value>, ControlError> {
    let account = find(&world, &number)?;
    login::ban(&account, Duration::from_secs(ban.seconds.into()));
    Ok(Json(json!({})))
}
