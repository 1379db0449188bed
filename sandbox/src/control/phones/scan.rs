//! `POST /phones/{number}/scan`: links the companion that shows the QR code.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::find;
use crate::control::ControlError;
use crate::control::error::{Body, Path};
use crate::pairing;
use crate::world::World;

#[derive(Deserialize)]
pub struct Scan {
    qr: String,
}

#[derive(Serialize)]
pub struct Linked {
    device: u16,
}

pub async fn scan(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Body(scan): Body<Scan>,
) -> Result<Json<Linked>, ControlError> {
    let account = find(&world, &number)?;
    let device = pairing::scan(&world, &account, &scan.qr).await?;
    Ok(Json(Linked { device }))
}
