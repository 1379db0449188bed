//! `POST /phones/{number}/block`: the person blocks somebody, or lets them in again.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{find, person};
use crate::blocklist;
use crate::control::ControlError;
use crate::control::error::{Body, Path};
use crate::world::World;

#[derive(Deserialize)]
pub struct Block {
    number: String,
    blocked: bool,
}

pub async fn set(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Body(block): Body<Block>,
) -> Result<Json<Value>, ControlError> {
    let account = find(&world, &number)?;
    drop(account.switched_on()?);
    let other = world.account_of(&person(&block.number)?).filter(|other| !other.is(&account));
    let other = other.ok_or_else(|| ControlError::not_found("nobody else has this number"))?;
    blocklist::set(&account, 0, &other, block.blocked);
    Ok(Json(json!({})))
}
