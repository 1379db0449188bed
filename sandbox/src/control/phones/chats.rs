//! `GET` and `POST /phones/{number}/chats/{chat}`: archived, pinned, muted, marked.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use wacore_binary::{Jid, Server};

use super::{chat, find};
use crate::control::ControlError;
use crate::control::error::{Body, Path};
use crate::phone::{self, Rearrangement};
use crate::world::World;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Change {
    archived: Option<bool>,
    pinned: Option<bool>,
    /// Unix seconds; -1 for good, 0 for no longer.
    muted_until: Option<i64>,
    /// True opens the chat, so that read receipts go out; false marks it as unread.
    read: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    archived: bool,
    pinned: bool,
    muted_until: Option<i64>,
    marked_unread: bool,
}

pub async fn show(State(world): State<Arc<World>>, Path((number, id)): Path<(String, String)>) -> Result<Json<Shown>, ControlError> {
    let account = find(&world, &number)?;
    let id = by_number(&world, chat(&id)?);
    let mut phone = account.phone();
    let arranged = phone.arrangement(&account.collections()).chat(&id);
    Ok(Json(Shown {
        archived: arranged.archived,
        pinned: arranged.pinned.is_some(),
        muted_until: arranged.muted_until,
        marked_unread: arranged.marked_unread,
    }))
}

pub async fn change(
    State(world): State<Arc<World>>,
    Path((number, id)): Path<(String, String)>,
    Body(change): Body<Change>,
) -> Result<Json<Shown>, ControlError> {
    let account = find(&world, &number)?;
    let jid = by_number(&world, chat(&id)?);
    if change.read == Some(true) && (jid.server == Server::Group || world.account_of(&jid).is_some()) {
        phone::read(&world, &account, &jid)?;
    }
    let Change { archived, pinned, muted_until, read } = change;
    phone::arrange(&world, &account, &Rearrangement { archived, pinned, muted_until, read }.actions(&jid))?;
    show(State(world), Path((number, id))).await
}

/// Chats with people go by their numbers.
fn by_number(world: &World, chat: Jid) -> Jid {
    world.account_of(&chat).map_or(chat, |account| account.jid(Server::Pn, 0))
}
