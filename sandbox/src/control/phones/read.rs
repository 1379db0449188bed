//! `POST /phones/{number}/read`: opens a chat; read receipts go out.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{chat, find};
use crate::control::ControlError;
use crate::control::error::{Body, Path};
use crate::phone;
use crate::world::World;

#[derive(Deserialize)]
pub struct Opened {
    chat: String,
}

pub async fn read(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Body(opened): Body<Opened>,
) -> Result<Json<Value>, ControlError> {
    let account = find(&world, &number)?;
    phone::read(&world, &account, &chat(&opened.chat)?)?;
    Ok(Json(json!({})))
}
