//! `/phones/…`: what the people do with their phones.

pub mod ban;
pub mod block;
pub mod chats;
pub mod contacts;
pub mod create;
pub mod devices;
pub mod history;
pub mod link_code;
pub mod messages;
pub mod passkey;
pub mod power;
pub mod profile;
pub mod read;
mod row;
pub mod scan;
pub mod typing;

use std::sync::Arc;

use wacore_binary::{Jid, Server};

use super::ControlError;
use crate::account::Account;
use crate::world::World;

fn find(world: &World, number: &str) -> Result<Arc<Account>, ControlError> {
    world.account(number).ok_or_else(|| ControlError::not_found("no phone has this number"))
}

/// A bare or `+` number, or the id of a person.
pub fn person(text: &str) -> Result<Jid, ControlError> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if is_number(digits) {
        return Ok(Jid::pn(digits));
    }
    text.parse::<Jid>()
        .ok()
        .filter(|jid| matches!(jid.server, Server::Pn | Server::Lid) && jid.device == 0)
        .ok_or_else(|| ControlError::bad_request("this is neither a number nor the id of a person"))
}

/// A person, or the id of a group.
fn chat(text: &str) -> Result<Jid, ControlError> {
    match text.parse::<Jid>() {
        Ok(jid) if jid.server == Server::Group => Ok(jid),
        _ => person(text),
    }
}

fn is_number(text: &str) -> bool {
    (5..=18).contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
}
