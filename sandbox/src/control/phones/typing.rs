//! `POST` and `GET /phones/{number}/typing`: the person types or records; who was seen to.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wacore_binary::Jid;

use super::{chat, find};
use crate::control::ControlError;
use crate::control::error::{Body, Path};
use crate::typing;
use crate::world::World;

#[derive(Deserialize)]
pub struct Typed {
    chat: String,
    state: typing::State,
}

#[derive(Serialize)]
pub struct Seen {
    from: String,
    /// The person, or the group.
    chat: String,
    state: typing::State,
    /// Unix seconds.
    timestamp: u64,
}

pub async fn tell(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Body(typed): Body<Typed>,
) -> Result<Json<Value>, ControlError> {
    let account = find(&world, &number)?;
    drop(account.switched_on()?);
    if !typing::tell(&world, &account, 0, &chat(&typed.chat)?, typed.state) {
        return Err(ControlError::not_found("no such account or group"));
    }
    Ok(Json(json!({})))
}

pub async fn list(State(world): State<Arc<World>>, Path(number): Path<String>) -> Result<Json<Vec<Seen>>, ControlError> {
    let account = find(&world, &number)?;
    let phone = account.phone();
    let seen = phone.typings().map(|typing| Seen {
        from: Jid::pn(typing.from.as_str()).to_string(),
        chat: typing.chat.to_string(),
        state: typing.state,
        timestamp: typing.timestamp,
    });
    Ok(Json(seen.collect()))
}
