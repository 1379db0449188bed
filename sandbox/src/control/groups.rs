//! `/groups`: made and changed by their owner's hand.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wacore_binary::{Jid, Server};

use super::ControlError;
use super::error::{Body, Path};
use super::phones::person;
use crate::account::Account;
use crate::groups::{self, Addressing, Change, Group, MEMBERS_LIMIT, Role};
use crate::world::World;

#[derive(Deserialize)]
pub struct NewGroup {
    subject: String,
    owner: String,
    #[serde(default)]
    participants: Vec<String>,
    #[serde(default)]
    addressing: Addressing,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Changes {
    add: Vec<String>,
    remove: Vec<String>,
    promote: Vec<String>,
    demote: Vec<String>,
}

#[derive(Serialize)]
pub struct Shown {
    id: String,
    subject: String,
    owner: String,
    addressing: Addressing,
    /// Unix seconds.
    created: u64,
    participants: Vec<Participant>,
}

#[derive(Serialize)]
struct Participant {
    number: String,
    jid: String,
    lid: String,
    role: Role,
}

pub async fn create(State(world): State<Arc<World>>, Body(group): Body<NewGroup>) -> Result<(StatusCode, Json<Value>), ControlError> {
    if group.participants.len() >= MEMBERS_LIMIT {
        return Err(ControlError::bad_request(format!("a group has at most {MEMBERS_LIMIT} members")));
    }
    let owner = account(&world, &group.owner)?;
    let others = accounts(&world, &group.participants)?;
    let group = groups::create(&world, group.subject, owner, others, group.addressing);
    Ok((StatusCode::CREATED, Json(json!({ "id": group.jid.to_string() }))))
}

pub async fn show(State(world): State<Arc<World>>, Path(id): Path<String>) -> Result<Json<Shown>, ControlError> {
    let group = find(&world, &id)?;
    Ok(Json(Shown::of(&group)))
}

pub async fn change(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    Body(changes): Body<Changes>,
) -> Result<Json<Shown>, ControlError> {
    let group = find(&world, &id)?;
    let changes = [
        (Change::Add, accounts(&world, &changes.add)?),
        (Change::Remove, accounts(&world, &changes.remove)?),
        (Change::Promote, accounts(&world, &changes.promote)?),
        (Change::Demote, accounts(&world, &changes.demote)?),
    ];
    for (change, accounts) in changes {
        groups::change(&group, change, accounts);
    }
    Ok(Json(Shown::of(&group)))
}

fn find(world: &World, id: &str) -> Result<Arc<Group>, ControlError> {
    let jid = id.parse::<Jid>().ok();
    jid.and_then(|jid| world.groups.find(&jid)).ok_or_else(|| ControlError::not_found("no such group"))
}

fn account(world: &World, id: &str) -> Result<Arc<Account>, ControlError> {
    world.account_of(&person(id)?).ok_or_else(|| ControlError::not_found(format!("no phone has the number {id}")))
}

fn accounts(world: &World, ids: &[String]) -> Result<Vec<Arc<Account>>, ControlError> {
    ids.iter().map(|id| account(world, id)).collect()
}

impl Shown {
    fn of(group: &Group) -> Self {
        let members = group.members();
        let participants = members.iter().map(|member| Participant {
            number: member.account.number.clone(),
            jid: member.account.jid(Server::Pn, 0).to_string(),
            lid: member.account.jid(Server::Lid, 0).to_string(),
            role: member.role,
        });
        Self {
            id: group.jid.to_string(),
            subject: group.subject.clone(),
            owner: group.creator.number.clone(),
            addressing: group.addressing,
            created: group.created,
            participants: participants.collect(),
        }
    }
}
