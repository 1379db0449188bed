//! A group as its members' companions are told of it.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, Server};

use super::profile::{Description, add_mode};
use super::{Addressing, Group, Member, Role};
use crate::account::Account;

pub fn describe(group: &Group) -> Node {
    let members = group.members().clone();
    let profile = group.profile();
    let node = NodeBuilder::new("group")
        .attr("id", group.jid.user.as_str())
        .attr("subject", profile.subject.text.as_str())
        .attr("s_t", profile.subject.at)
        .attr("s_o", group.address(&profile.subject.by, 0))
        .attr("creation", group.created)
        .attr("creator", group.address(&group.creator, 0))
        .attr("addressing_mode", group.addressing.wire())
        .attr("size", members.len() as u64);
    let node = match group.addressing {
        Addressing::Lid => {
            let number = |account: &Account| account.jid(Server::Pn, 0);
            node.attr("creator_pn", number(&group.creator)).attr("s_o_pn", number(&profile.subject.by))
        }
        Addressing::Pn => node,
    };
    let mut children = participants(group, members.iter());
    children.extend(profile.description.as_ref().map(|description| described(group, description)));
    children.extend(profile.announce.then(|| NodeBuilder::new("announcement").build()));
    children.extend(profile.locked.then(|| NodeBuilder::new("locked").build()));
    children.push(add_mode(profile.members_add));
    node.children(children).build()
}

fn described(group: &Group, Description { id, said }: &Description) -> Node {
    let (alternative, other_id) = group.alternative(&said.by, 0);
    NodeBuilder::new("description")
        .attr("id", id.as_str())
        .attr("participant", group.address(&said.by, 0))
        .attr(alternative, other_id)
        .attr("t", said.at)
        .children([NodeBuilder::new("body").string_content(said.text.as_str()).build()])
        .build()
}

pub(super) fn participants<'a>(group: &Group, members: impl Iterator<Item = &'a Member>) -> Vec<Node> {
    members
        .map(|member| {
            let node = named(group, &member.account);
            match member.role {
                Role::Member => node.build(),
                Role::Admin => node.attr("type", "admin").build(),
                Role::Superadmin => node.attr("type", "superadmin").build(),
            }
        })
        .collect()
}

/// A person by the group's kind of id, with the other one given alongside.
pub fn named(group: &Group, account: &Account) -> NodeBuilder {
    let node = NodeBuilder::new("participant").attr("jid", group.address(account, 0));
    match group.addressing {
        Addressing::Lid => node.attr("phone_number", account.jid(Server::Pn, 0)),
        Addressing::Pn => node.attr("lid", account.jid(Server::Lid, 0)),
    }
}
