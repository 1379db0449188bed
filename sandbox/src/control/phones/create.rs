//! `POST /phones`: switches on a phone with a fresh account.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use wacore_binary::Server;

use super::is_number;
use crate::control::ControlError;
use crate::control::error::Body;
use crate::world::World;

#[derive(Deserialize)]
pub struct NewPhone {
    number: String,
    name: String,
}

#[derive(Serialize)]
pub struct Phone {
    number: String,
    jid: String,
    lid: String,
}

pub async fn create(State(world): State<Arc<World>>, Body(phone): Body<NewPhone>) -> Result<(StatusCode, Json<Phone>), ControlError> {
    let number = phone.number.strip_prefix('+').unwrap_or(&phone.number);
    if !is_number(number) {
        return Err(ControlError::bad_request("a number has 5 to 18 digits"));
    }
    let account = world.register(number, &phone.name).ok_or_else(|| ControlError::conflict("another phone has this number"))?;
    let phone =
        Phone { number: account.number.clone(), jid: account.jid(Server::Pn, 0).to_string(), lid: account.jid(Server::Lid, 0).to_string() };
    Ok((StatusCode::CREATED, Json(phone)))
}
