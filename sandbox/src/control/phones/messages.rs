//! `POST` and `GET /phones/{number}/messages`: the person writes; what the phone sent and received.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wacore_binary::Jid;

use super::{find, person};
use crate::control::ControlError;
use crate::control::error::{Body, Path};
use crate::phone::{self, Content, Record, Side, Status};
use crate::world::World;

#[derive(Deserialize)]
pub struct Written {
    to: String,
    text: String,
}

#[derive(Serialize)]
pub struct Listed {
    id: String,
    from: String,
    to: String,
    #[serde(flatten)]
    content: Content,
    /// Of what was sent from here; null for what was received.
    status: Option<Status>,
    /// Unix seconds.
    timestamp: u64,
}

pub async fn write(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Body(written): Body<Written>,
) -> Result<(StatusCode, Json<Value>), ControlError> {
    let account = find(&world, &number)?;
    let to = person(&written.to)?;
    let id = phone::write(&world, &account, &to, written.text)?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

pub async fn list(State(world): State<Arc<World>>, Path(number): Path<String>) -> Result<Json<Vec<Listed>>, ControlError> {
    let account = find(&world, &number)?;
    let listed = account.phone().records().map(Listed::of).collect();
    Ok(Json(listed))
}

impl Listed {
    fn of(record: &Record) -> Self {
        Self {
            id: record.id.clone(),
            from: Jid::pn(record.from.as_str()).to_string(),
            to: Jid::pn(record.to.as_str()).to_string(),
            content: record.content.clone(),
            status: match record.side {
                Side::Outgoing { status, .. } => Some(status),
                Side::Incoming { .. } => None,
            },
            timestamp: record.timestamp,
        }
    }
}
