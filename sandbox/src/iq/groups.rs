//! Questions about groups, answered to their members.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, NodeRef};

use crate::groups::describe;
use crate::login::Member;
use crate::stanza::{self, attr};
use crate::world::World;

pub fn answer(world: &World, member: &Member, node: &NodeRef<'_>) -> Node {
    if attr(node, "type") == "set" {
        return stanza::error(node, 501, "feature-not-implemented");
    }
    if node.get_optional_child("participating").is_some() {
        let groups = world.groups.of(&member.account);
        let groups = groups.iter().map(|group| describe(group));
        return stanza::result(node, [NodeBuilder::new("groups").children(groups).build()]);
    }
    let group = node.get_attr("to").and_then(|to| to.to_jid()).and_then(|to| world.groups.find(&to));
    match group {
        Some(group) if group.has(&member.account) => stanza::result(node, [describe(&group)]),
        Some(_) => stanza::error(node, 403, "forbidden"),
        None => stanza::error(node, 404, "item-not-found"),
    }
}
