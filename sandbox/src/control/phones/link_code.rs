//! `POST /phones/{number}/link-code`: the person types in the code that a companion shows.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::find;
use super::scan::told;
use crate::control::ControlError;
use crate::control::error::{Body, Path};
use crate::pairing;
use crate::world::World;

#[derive(Deserialize)]
pub struct LinkCode {
    code: String,
}

pub async fn enter(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Body(entered): Body<LinkCode>,
) -> Result<Response, ControlError> {
    let account = find(&world, &number)?;
    Ok(told(pairing::enter_link_code(&world, &account, &entered.code).await?))
}
