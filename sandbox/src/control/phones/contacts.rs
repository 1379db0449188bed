//! `GET` and `POST /phones/{number}/contacts`, `DELETE /phones/{number}/contacts/{contact}`: the
//! address book.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use wacore_binary::{Jid, Server};

use super::{find, person};
use crate::account::Account;
use crate::control::ControlError;
use crate::control::error::{Body, Path};
use crate::phone::{self, Action};
use crate::world::World;

#[derive(Deserialize)]
pub struct Entry {
    number: String,
    name: String,
}

pub async fn list(State(world): State<Arc<World>>, Path(number): Path<String>) -> Result<Json<BTreeMap<String, String>>, ControlError> {
    let account = find(&world, &number)?;
    let mut phone = account.phone();
    let collections = account.collections();
    let contacts = phone.arrangement(&collections).contacts();
    Ok(Json(contacts.map(|(id, name)| (id.to_owned(), name.to_owned())).collect()))
}

pub async fn save(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Body(entry): Body<Entry>,
) -> Result<Json<Value>, ControlError> {
    let own = find(&world, &number)?;
    let (jid, account) = known(&world, &entry.number)?;
    phone::arrange(&world, &own, &[Action::name_contact(&jid, account.as_deref(), &entry.name)])?;
    if let Some(account) = account {
        own.acquaint(&account);
        account.acquaint(&own);
    }
    Ok(Json(json!({})))
}

pub async fn forget(State(world): State<Arc<World>>, Path((number, contact)): Path<(String, String)>) -> Result<Json<Value>, ControlError> {
    let own = find(&world, &number)?;
    let (jid, _) = known(&world, &contact)?;
    let is_known = own.phone().arrangement(&own.collections()).name(&jid).is_some();
    if !is_known {
        return Err(ControlError::not_found("not in the address book"));
    }
    phone::arrange(&world, &own, &[Action::forget_contact(&jid)])?;
    Ok(Json(json!({})))
}

/// A person by number, whether or not they have an account.
fn known(world: &World, id: &str) -> Result<(Jid, Option<Arc<Account>>), ControlError> {
    let jid = person(id)?;
    match world.account_of(&jid) {
        Some(account) => Ok((account.jid(Server::Pn, 0), Some(account))),
        None if jid.server == Server::Pn => Ok((jid, None)),
        None => Err(ControlError::not_found("nobody has this lid")),
    }
}
