//! `GET` and `POST /phones/{number}/passkey`: whether companions have to confirm with one, and the
//! code the phone shows. `POST /phones/{number}/passkey/assertion`: the person's browser signs.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::find;
use crate::control::ControlError;
use crate::control::error::{Body, Path};
use crate::passkey::Passkey;
use crate::world::World;

#[derive(Deserialize)]
pub struct Requirement {
    required: bool,
}

#[derive(Serialize)]
pub struct Shown {
    required: bool,
    /// To be compared with the companion's; null before there is one.
    code: Option<String>,
}

#[derive(Deserialize)]
pub struct Asked {
    /// As the companion got them: JSON, or JSON in a string.
    options: Value,
}

pub async fn require(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Body(requirement): Body<Requirement>,
) -> Result<Json<Value>, ControlError> {
    let account = find(&world, &number)?;
    account.keep_passkey(match requirement.required {
        true => Some(Arc::new(Passkey::generate().ok_or_else(ControlError::lost)?)),
        false => None,
    });
    Ok(Json(json!({})))
}

pub async fn show(State(world): State<Arc<World>>, Path(number): Path<String>) -> Result<Json<Shown>, ControlError> {
    let passkey = find(&world, &number)?.passkey();
    Ok(Json(Shown { required: passkey.is_some(), code: passkey.and_then(|passkey| passkey.code()) }))
}

pub async fn assert(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Body(asked): Body<Asked>,
) -> Result<Json<Value>, ControlError> {
    let passkey = find(&world, &number)?.passkey().ok_or_else(|| ControlError::not_found("the account has no passkey"))?;
    let options = match asked.options {
        Value::String(options) => serde_json::from_str(&options).unwrap_or_default(),
        options => options,
    };
    let assertion = passkey.sign(&options);
    assertion.map(Json).ok_or_else(|| ControlError::bad_request("these are no options for the account's passkey"))
}
