//! Companions block people, and ask who is blocked.

use wacore_binary::{Node, NodeRef};

use crate::blocklist;
use crate::login::Member;
use crate::stanza::{self, attr};
use crate::world::World;

pub fn answer(world: &World, member: &Member, node: &NodeRef<'_>) -> Node {
    if attr(node, "type") == "set" {
        let Some(item) = node.get_optional_child("item") else {
            return stanza::error(node, 400, "bad-request");
        };
        let blocked = attr(item, "action") == "block";
        let other = item.get_attr("jid").and_then(|jid| jid.to_jid()).and_then(|jid| world.account_of(&jid));
        match other.filter(|other| !other.is(&member.account)) {
            Some(other) => blocklist::set(&member.account, member.device.id, &other, blocked),
            None => return stanza::error(node, 404, "item-not-found"),
        }
    }
    stanza::result(node, [blocklist::list(world, &member.account)])
}
