//! A companion that logs itself out.

use wacore_binary::{Node, NodeRef};

use crate::devices;
use crate::login::Member;
use crate::stanza;
use crate::world::World;

pub fn answer(world: &World, member: &Member, node: &NodeRef<'_>) -> Node {
    let Some(removed) = node.get_optional_child("remove-companion-device") else {
        return super::answer_anyone(node);
    };
    let own = removed.get_attr("jid").and_then(|jid| jid.to_jid());
    if own.is_none_or(|jid| jid.device != member.device.id || jid.user != member.account.number.as_str()) {
        return stanza::error(node, 403, "forbidden");
    }
    devices::unlink(world, &member.account, member.device.id);
    stanza::result(node, [])
}
