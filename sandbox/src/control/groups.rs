//! `/groups`: made, changed, joined and left by hand.

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
use crate::groups::{self, Addressing, Change, Group, MEMBERS_LIMIT, Profile, Refusal, Role, Setting};
use crate::stanza::random_id;
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

#[derive(Deserialize)]
pub struct MemberChange {
    by: String,
    action: Change,
    participants: Vec<String>,
}

/// An empty description takes away the one there is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    by: String,
    subject: Option<String>,
    description: Option<String>,
    announce: Option<bool>,
    locked: Option<bool>,
}

#[derive(Deserialize)]
pub struct Leaving {
    by: String,
}

#[derive(Deserialize)]
pub struct Joining {
    by: String,
    code: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    id: String,
    subject: String,
    description: Option<String>,
    announce: bool,
    locked: bool,
    owner: String,
    addressing: Addressing,
    invite_code: String,
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

/// 200, or the code of the refusal.
#[derive(Serialize)]
pub struct Outcome {
    participant: String,
    status: u16,
}

pub async fn create(State(world): State<Arc<World>>, Body(group): Body<NewGroup>) -> Result<(StatusCode, Json<Value>), ControlError> {
    if group.participants.len() >= MEMBERS_LIMIT {
        return Err(ControlError::bad_request(format!("a group has at most {MEMBERS_LIMIT} members")));
    }
    let owner = account(&world, &group.owner)?;
    let others = group.participants.iter().map(|id| account(&world, id)).collect::<Result<_, _>>()?;
    let profile = Profile::new(group.subject, &owner).ok_or(Refusal::NotAcceptable)?;
    let group = groups::create(&world, profile, owner, others, group.addressing);
    Ok((StatusCode::CREATED, Json(json!({ "id": group.jid.to_string() }))))
}

pub async fn show(State(world): State<Arc<World>>, Path(id): Path<String>) -> Result<Json<Shown>, ControlError> {
    Ok(Json(Shown::of(&*find(&world, &id)?)))
}

pub async fn change_members(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    Body(change): Body<MemberChange>,
) -> Result<Json<Vec<Outcome>>, ControlError> {
    let (group, by) = (find(&world, &id)?, account(&world, &change.by)?);
    let asked = change.participants.iter().map(|id| person(id)).collect::<Result<_, _>>()?;
    let outcomes = groups::change(&world, &group, &by, change.action, asked)?;
    let outcomes = change.participants.into_iter().zip(outcomes);
    let outcomes = outcomes
        .map(|(participant, outcome)| Outcome { participant, status: outcome.refusal.map_or(StatusCode::OK.as_u16(), Refusal::code) });
    Ok(Json(outcomes.collect()))
}

pub async fn set(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    Body(settings): Body<Settings>,
) -> Result<Json<Shown>, ControlError> {
    let (group, by) = (find(&world, &id)?, account(&world, &settings.by)?);
    let description = settings.description.map(|text| Setting::Description {
        id: random_id(),
        previous: group.profile().description_id().map(str::to_owned),
        text: Some(text).filter(|text| !text.is_empty()),
    });
    let changes = [
        settings.subject.map(Setting::Subject),
        description,
        settings.announce.map(Setting::Announce),
        settings.locked.map(Setting::Locked),
    ];
    for setting in changes.into_iter().flatten() {
        groups::set(&group, &by, setting)?;
    }
    Ok(Json(Shown::of(&group)))
}

pub async fn leave(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    Body(leaving): Body<Leaving>,
) -> Result<Json<Value>, ControlError> {
    groups::leave(&*find(&world, &id)?, &*account(&world, &leaving.by)?)?;
    Ok(Json(json!({})))
}

/// By the code at the end of an invitation link.
pub async fn join(State(world): State<Arc<World>>, Body(joining): Body<Joining>) -> Result<Json<Shown>, ControlError> {
    let by = account(&world, &joining.by)?;
    let group = world.groups.invited_by(&joining.code)?;
    groups::join(&group, &by)?;
    Ok(Json(Shown::of(&group)))
}

fn find(world: &World, id: &str) -> Result<Arc<Group>, ControlError> {
    let jid = id.parse::<Jid>().ok();
    jid.and_then(|jid| world.groups.find(&jid)).ok_or_else(|| ControlError::not_found("no such group"))
}

fn account(world: &World, id: &str) -> Result<Arc<Account>, ControlError> {
    world.account_of(&person(id)?).ok_or_else(|| ControlError::not_found(format!("no phone has the number {id}")))
}

impl Shown {
    fn of(group: &Group) -> Self {
        let members = group.members().clone();
        let participants = members.iter().map(|member| Participant {
            number: member.account.number.clone(),
            jid: member.account.jid(Server::Pn, 0).to_string(),
            lid: member.account.jid(Server::Lid, 0).to_string(),
            role: member.role,
        });
        let profile = group.profile();
        Self {
            id: group.jid.to_string(),
            subject: profile.subject.text.clone(),
            description: profile.description.as_ref().map(|description| description.said.text.clone()),
            announce: profile.announce,
            locked: profile.locked,
            owner: group.creator.number.clone(),
            addressing: group.addressing,
            invite_code: profile.invite.clone(),
            created: group.created,
            participants: participants.collect(),
        }
    }
}
