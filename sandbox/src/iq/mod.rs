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

use wacore_binary::{Node, NodeRef};

pub use prekeys::retry_keys;

use crate::login::Member;
use crate::stanza::{self, attr};
use crate::world::World;

pub fn answer(world: &World, member: &Member, node: &NodeRef<'_>) -> Node {
    match attr(node, "xmlns").as_ref() {
        "encrypt" => prekeys::answer(world, member, node),
        "usync" => usync::answer(world, node),
        "passive" => {
            if node.get_optional_child("active").is_some() {
                member.device.mailbox.activate();
            }
            stanza::result(node, [])
        }
        "w:sync:app:state" => appstate::answer(member, node),
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

/// What needs no account: pings, and everything the sandbox does not know.
pub fn answer_anyone(node: &NodeRef<'_>) -> Node {
    if attr(node, "type") == "set" || attr(node, "xmlns") == "w:p" {
        stanza::result(node, [])
    } else {
        stanza::error(node, 501, "feature-not-implemented")
    }
}
