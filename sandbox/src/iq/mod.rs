//! Questions to the server: each gets a result or an error, never silence.

mod appstate;
mod blocklist;
mod devices;
mod groups;
mod media;
mod persona;
mod prekeys;
mod settings;
mod usync;

use std::sync::Arc;

use wacore_binary::{Node, NodeRef};

pub use prekeys::retry_keys;

use crate::login::Member;
use crate::stanza::{self, attr};
use crate::world::World;

pub fn answer(world: &Arc<World>, member: &Member, node: &NodeRef<'_>) -> Node {
    match attr(node, "xmlns").as_ref() {
        "encrypt" => prekeys::answer(world, member, node),
        "usync" => usync::answer(world, node),
        "passive" => {
            if node.get_optional_child("active").is_some() {
                member.device.mailbox.activate();
            }
            stanza::result(node, [])
        }
        "w:sync:app:state" => appstate::answer(world, member, node),
        "w:m" => media::answer(world, node),
        "w:g2" => groups::answer(world, member, node),
        "md" => devices::answer(world, member, node),
        "blocklist" => blocklist::answer(world, member, node),
        "w:profile:picture" => persona::picture(world, member, node),
        "status" => persona::about(world, member, node),
        "abt" | "privacy" => settings::answer(node),
        _ => answer_anyone(node),
    }
}

/// Whether bad weather may hold the answer up: a client without the others would hang up.
pub fn may_wait(node: &NodeRef<'_>) -> bool {
    !matches!(attr(node, "xmlns").as_ref(), "w:p" | "passive")
}

/// Whether bad weather may fail it. What clients ask by themselves, when they log in or send
/// something, does not count: the block list, the devices of people.
pub fn asks_about_others(node: &NodeRef<'_>) -> bool {
    match attr(node, "xmlns").as_ref() {
        "w:g2" | "w:profile:picture" | "status" => true,
        "usync" => node.get_optional_child("usync").is_some_and(|usync| attr(usync, "context") != "message"),
        "blocklist" => attr(node, "type") == "set",
        _ => false,
    }
}

/// What needs no account: pings, and everything the sandbox does not know.
pub fn answer_anyone(node: &NodeRef<'_>) -> Node {
    if attr(node, "type") == "set" || attr(node, "xmlns") == "w:p" {
        stanza::result(node, [])
    } else {
        stanza::error(node, 501, "feature-not-implemented")
    }
}
