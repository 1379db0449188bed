//! Login of a linked companion: who it is, and what the server greets it with.

use std::sync::Arc;

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, Server};
use waproto::whatsapp::ClientPayload;

use crate::account::{Account, Device};
use crate::link::Link;
use crate::stanza;
use crate::world::World;

const LOGGED_OUT: u16 = 401;

/// A companion that is logged in.
#[derive(Clone)]
pub struct Member {
    pub account: Arc<Account>,
    pub device: Arc<Device>,
}

/// Admits a device by its static key, or says with which stanza to turn it away.
pub fn admit(world: &World, link: &Arc<Link>, client_static: &[u8; 32], payload: &ClientPayload) -> Result<Member, Node> {
    let number = payload.username.unwrap_or_default().to_string();
    let id = payload.device.and_then(|id| u16::try_from(id).ok());
    let account = world.account(&number).ok_or_else(logged_out)?;
    if let Some(refusal) = account.ban_refusal() {
        return Err(refusal);
    }
    let device = id.and_then(|id| account.device(id)).filter(|device| device.noise_key == *client_static).ok_or_else(logged_out)?;
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
        .attr("display_name", member.account.name.as_str())
        .build()
}

fn logged_out() -> Node {
    NodeBuilder::new("failure").attr("reason", LOGGED_OUT).attr("location", "sandbox").build()
}
