//! A group as its members' companions are told of it.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, Server};

use super::{Addressing, Group, Member, Role};

pub fn describe(group: &Group) -> Node {
    let members = group.members();
    let node = NodeBuilder::new("group")
        .attr("id", group.jid.user.as_str())
        .attr("subject", group.subject.as_str())
        .attr("s_t", group.created)
        .attr("s_o", group.address(&group.creator, 0))
        .attr("creation", group.created)
        .attr("creator", group.address(&group.creator, 0))
        .attr("addressing_mode", group.addressing.wire())
        .attr("size", members.len() as u64);
    let node = match group.addressing {
        Addressing::Lid => {
            let number = group.creator.jid(Server::Pn, 0);
            node.attr("creator_pn", &number).attr("s_o_pn", number)
        }
        Addressing::Pn => node,
    };
    node.children(participants(group, members.iter())).build()
}

/// Members by the group's kind of id, with the other one given alongside.
pub(super) fn participants<'a>(group: &Group, members: impl Iterator<Item = &'a Member>) -> Vec<Node> {
    members
        .map(|member| {
            let node = NodeBuilder::new("participant").attr("jid", group.address(&member.account, 0));
            let node = match group.addressing {
                Addressing::Lid => node.attr("phone_number", member.account.jid(Server::Pn, 0)),
                Addressing::Pn => node.attr("lid", member.account.jid(Server::Lid, 0)),
            };
            match member.role {
                Role::Member => node.build(),
                Role::Admin => node.attr("type", "admin").build(),
                Role::Superadmin => node.attr("type", "superadmin").build(),
            }
        })
        .collect()
}
