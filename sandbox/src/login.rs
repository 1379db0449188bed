//! Login of a linked companion: who it is, and what the server greets it with.

use std::sync::Arc;
use std::time::Duration;

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, Server};
use waproto::whatsapp::ClientPayload;

use crate::account::{Account, Device};
use crate::link::Link;
use crate::stanza;
use crate::world::World;

/// The `reason` of a refused login.
const LOGGED_OUT: u16 = 401;
const TEMPORARILY_BANNED: u16 = 402;
/// The `code` of a ban: written to too many people.
const TOO_MANY_PEOPLE: u16 = 101;

/// Why a device is kept out.
pub enum Refusal {
    LoggedOut,
    /// For this long.
    Banned(Duration),
}

/// A companion that is logged in.
#[derive(Clone)]
pub struct Member {
    pub account: Arc<Account>,
    pub device: Arc<Device>,
}

/// Admits a device by its static key; it replaces an earlier connection of the same device.
pub fn admit(world: &World, link: &Arc<Link>, client_static: &[u8; 32], payload: &ClientPayload) -> Result<Member, Refusal> {
    let number = payload.username.unwrap_or_default().to_string();
    let id = payload.device.and_then(|id| u16::try_from(id).ok());
    let account = world.account(&number).ok_or(Refusal::LoggedOut)?;
    if let Some(left) = account.banned_for() {
        return Err(Refusal::Banned(left));
    }
    let device = id.and_then(|id| account.device(id)).filter(|device| device.noise_key == *client_static).ok_or(Refusal::LoggedOut)?;
    if let Some(replaced) = device.mailbox.attach(link.clone()) {
        replaced.end(Some(stanza::conflict(None, "replaced")));
    }
    Ok(Member { account, device })
}

pub fn success(member: &Member) -> Node {
    NodeBuilder::new("success")
        .attr("t", stanza::unix_secs())
        .attr("props", "0")
        .attr("lid", member.account.jid(Server::Lid, member.device.id))
        .attr("display_name", member.account.name())
        .build()
}

/// Keeps all companions of an account out for a while; zero lets them in again.
pub fn ban(account: &Account, duration: Duration) {
    account.ban(duration);
    if let Some(left) = account.banned_for() {
        for link in account.devices().iter().filter_map(|device| device.mailbox.link()) {
            link.end(Some(Refusal::Banned(left).stanza()));
        }
    }
}

impl Refusal {
    pub fn stanza(&self) -> Node {
        let failure = NodeBuilder::new("failure");
        match self {
            Self::LoggedOut => failure.attr("reason", LOGGED_OUT).attr("location", "sandbox").build(),
            Self::Banned(left) => {
                failure.attr("reason", TEMPORARILY_BANNED).attr("code", TOO_MANY_PEOPLE).attr("expire", left.as_secs().max(1)).build()
            }
        }
    }
}
