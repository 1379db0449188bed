//! `POST` and `GET /phones/{number}/messages`: the person writes; what the phone sent and received.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wacore_binary::Jid;
use waproto::whatsapp::Message;

use super::{chat, find};
use crate::control::ControlError;
use crate::control::error::{Body, Path};
use crate::groups::Addressing;
use crate::phone::{self, Content, OtherId, Record, Side, Status};
use crate::world::World;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Written {
    to: String,
    text: String,
    /// By which kind of id a person is addressed; as `to` is if left out.
    r#as: Option<Addressing>,
    /// Whether a message by lid tells the number too, and the other way round. It does unless
    /// `as` is `lid`.
    with_number: Option<bool>,
}

#[derive(Serialize)]
pub struct Listed {
    id: String,
    from: String,
    to: String,
    /// The other person, or the group.
    chat: String,
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
    let mut to = chat(&written.to)?;
    if let Some(addressing) = written.r#as
        && let Some(person) = world.account_of(&to)
    {
        to = person.jid(addressing.server(), 0);
    }
    let other_id = match written.with_number.unwrap_or(written.r#as != Some(Addressing::Lid)) {
        true => OtherId::Told,
        false => OtherId::Withheld,
    };
    let message = Message { conversation: Some(written.text), ..Default::default() };
    let id = phone::write(&world, &account, &to, other_id, &message)?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

pub async fn list(State(world): State<Arc<World>>, Path(number): Path<String>) -> Result<Json<Vec<Listed>>, ControlError> {
    let account = find(&world, &number)?;
    let listed = account.phone().records().map(Listed::of).collect();
    Ok(Json(listed))
}

impl Listed {
    fn of(record: &Record) -> Self {
        let from = Jid::pn(record.from.as_str()).to_string();
        let to = record.group.clone().unwrap_or_else(|| Jid::pn(record.to.as_str())).to_string();
        Self {
            id: record.id.clone(),
            chat: record.chat().to_string(),
            from,
            to,
            content: record.content.clone(),
            status: match record.side {
                Side::Outgoing { status } => Some(status),
                Side::Incoming { .. } => None,
            },
            timestamp: record.timestamp,
        }
    }
}
