//! `POST /phones/{number}/history`: the phone has a past; nothing is sent.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use wacore_binary::{Jid, Server};

use super::{chat, find, is_number};
use crate::account::Account;
use crate::control::ControlError;
use crate::control::error::{Body, Path};
use crate::phone::Memory;
use crate::stanza::unix_secs;
use crate::world::World;

const LIMIT: u64 = 100_000;
/// Generated messages are shared out among this many people, whose numbers follow this one.
const PEOPLE: u64 = 20;
const FIRST_PERSON: u64 = 628_990_000_000_001;
const MINUTE_SECS: u64 = 60;

#[derive(Deserialize)]
pub struct Past {
    #[serde(default)]
    messages: Vec<Remembered>,
    /// As many texts, one a minute up to now, in conversations with people who have no phone.
    #[serde(default)]
    generate: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Remembered {
    chat: String,
    #[serde(default)]
    from_me: bool,
    text: String,
    /// Unix seconds.
    timestamp: u64,
    /// In a group: the number of who wrote it.
    participant: Option<String>,
}

pub async fn seed(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Body(past): Body<Past>,
) -> Result<(StatusCode, Json<Value>), ControlError> {
    let account = find(&world, &number)?;
    if past.generate > LIMIT {
        return Err(ControlError::bad_request(format!("a phone remembers {LIMIT} messages at most")));
    }
    let mut memories = past.messages.into_iter().map(|message| message.memory(&world, &account)).collect::<Result<Vec<_>, _>>()?;
    let now = unix_secs();
    memories.extend((0..past.generate).map(|n| generated(&account, n, now.saturating_sub(MINUTE_SECS * (past.generate - n)))));
    let mut phone = account.phone();
    let ids: Vec<String> = memories.into_iter().map(|memory| phone.remember(&account, memory)).collect();
    Ok((StatusCode::CREATED, Json(json!({ "ids": ids }))))
}

impl Remembered {
    fn memory(self, world: &World, own: &Account) -> Result<Memory, ControlError> {
        let chat = chat(&self.chat)?;
        let (group, other) = match chat.server {
            Server::Group => {
                let group = world.groups.find(&chat).ok_or_else(|| ControlError::not_found("no such group"))?;
                let author = self.participant.filter(|author| is_number(author));
                if author.is_none() && !self.from_me {
                    return Err(ControlError::bad_request("the participant is the number of who wrote it"));
                }
                (Some(group.jid.clone()), author.unwrap_or_default())
            }
            _ => (None, number_of(world, &chat)?),
        };
        let (from, to) = match (self.from_me, &group) {
            (true, None) => (own.number.clone(), other),
            (true, Some(_)) => (own.number.clone(), own.number.clone()),
            (false, _) => (other, own.number.clone()),
        };
        Ok(Memory { from, to, group, text: self.text, timestamp: self.timestamp })
    }
}

/// Of people without a phone there is but a number.
fn number_of(world: &World, person: &Jid) -> Result<String, ControlError> {
    match world.account_of(person) {
        Some(account) => Ok(account.number.clone()),
        None if person.server == Server::Pn => Ok(person.user.to_string()),
        None => Err(ControlError::not_found("nobody has this lid")),
    }
}

fn generated(own: &Account, n: u64, timestamp: u64) -> Memory {
    let other = (FIRST_PERSON + n % PEOPLE).to_string();
    let (from, to) = match n / PEOPLE % 2 {
        0 => (other, own.number.clone()),
        _ => (own.number.clone(), other),
    };
    Memory { from, to, group: None, text: format!("Pesan {n}"), timestamp }
}
