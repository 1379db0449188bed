//! `POST /phones/{number}/power`: off, nothing reaches the phone until it is on again.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::find;
use crate::control::ControlError;
use crate::control::error::{Body, Path};
use crate::phone;
use crate::world::World;

#[derive(Deserialize)]
pub struct Power {
    on: bool,
}

pub async fn switch(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Body(power): Body<Power>,
) -> Result<Json<Value>, ControlError> {
    let account = find(&world, &number)?;
    phone::switch(&world, &account, power.on);
    Ok(Json(json!({})))
}
