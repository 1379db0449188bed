//! Groups are made, members come and go: everyone concerned is told.

use std::sync::{Arc, RwLock};

use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::describe::{describe, participants};
use super::{Addressing, Group, Member, Role};
use crate::account::Account;
use crate::mailbox::Class;
use crate::stanza;
use crate::world::World;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Add,
    Remove,
    Promote,
    Demote,
}

impl Change {
    fn wire(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Promote => "promote",
            Self::Demote => "demote",
        }
    }
}

pub fn create(world: &World, subject: String, creator: Arc<Account>, others: Vec<Arc<Account>>, addressing: Addressing) -> Arc<Group> {
    let mut members = vec![Member { account: creator.clone(), role: Role::Superadmin }];
    admit(&mut members, others);
    let group = Arc::new(Group {
        jid: world.groups.next_jid(),
        subject,
        creator,
        created: stanza::unix_secs(),
        addressing,
        members: RwLock::new(members),
    });
    world.groups.add(group.clone());
    let members = group.members().clone();
    for member in &members {
        member.account.join(&group.jid.user);
    }
    announce(&group, &members, &[created(&group)]);
    tracing::info!(group = %group.jid, "A group was created");
    group
}

/// Changes what is not so already; those added are told of the whole group.
pub fn change(group: &Group, change: Change, accounts: Vec<Arc<Account>>) {
    let (changed, others) = {
        let mut members = group.members_mut();
        let before = members.clone();
        let changed = match change {
            Change::Add => admit(&mut members, accounts),
            Change::Remove => members.extract_if(.., |member| accounts.iter().any(|account| member.account.is(account))).collect(),
            Change::Promote => set_role(&mut members, &accounts, Role::Member, Role::Admin),
            Change::Demote => set_role(&mut members, &accounts, Role::Admin, Role::Member),
        };
        (changed, before)
    };
    if changed.is_empty() {
        return;
    }
    let news = NodeBuilder::new(change.wire()).children(participants(group, changed.iter())).build();
    announce(group, &others, &[news]);
    for member in &changed {
        match change {
            Change::Add => member.account.join(&group.jid.user),
            Change::Remove => member.account.leave(&group.jid.user),
            Change::Promote | Change::Demote => {}
        }
    }
    if change == Change::Add {
        announce(group, &changed, &[created(group)]);
    }
}

/// The new members among them.
fn admit(members: &mut Vec<Member>, accounts: Vec<Arc<Account>>) -> Vec<Member> {
    let known = members.len();
    for account in accounts {
        if members.len() < super::MEMBERS_LIMIT && !members.iter().any(|member| member.account.is(&account)) {
            members.push(Member { account, role: Role::Member });
        }
    }
    members[known..].to_vec()
}

fn set_role(members: &mut [Member], accounts: &[Arc<Account>], from: Role, to: Role) -> Vec<Member> {
    let concerned = members.iter_mut().filter(|member| member.role == from && accounts.iter().any(|account| member.account.is(account)));
    concerned
        .map(|member| {
            member.role = to;
            member.clone()
        })
        .collect()
}

fn created(group: &Group) -> Node {
    NodeBuilder::new("create").attr("type", "new").children([describe(group)]).build()
}

fn announce(group: &Group, members: &[Member], news: &[Node]) {
    let (alternative, other_id) = group.alternative(&group.creator, 0);
    for device in members.iter().flat_map(|member| member.account.devices()) {
        let id = stanza::random_id();
        let notification = NodeBuilder::new("notification")
            .attr("from", &group.jid)
            .attr("id", id.as_str())
            .attr("type", "w:gp2")
            .attr("t", stanza::unix_secs())
            .attr("participant", group.address(&group.creator, 0))
            .attr(alternative, &other_id)
            .attr("addressing_mode", group.addressing.wire())
            .attr("notify", group.creator.name.as_str())
            .children(news.iter().cloned())
            .build();
        device.mailbox.push(Class::Notification, &id, group.jid.clone(), notification);
    }
}
