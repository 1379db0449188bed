//! Groups are made, members come and go, admins are named: everyone concerned is told.

use std::sync::{Arc, RwLock};

use serde::Deserialize;
use wacore_binary::Jid;
use wacore_binary::builder::NodeBuilder;

use super::describe::participants;
use super::news::{announce, created};
use super::{Addressing, Group, MEMBERS_LIMIT, Member, Profile, Refusal, Role};
use crate::account::Account;
use crate::stanza;
use crate::world::World;

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    Add,
    Remove,
    Promote,
    Demote,
}

impl Change {
    pub fn parse(tag: &str) -> Option<Self> {
        [Self::Add, Self::Remove, Self::Promote, Self::Demote].into_iter().find(|change| change.wire() == tag)
    }

    pub fn wire(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Promote => "promote",
            Self::Demote => "demote",
        }
    }
}

/// What became of the change for one of those it was asked for.
pub struct Outcome {
    pub asked: Jid,
    /// `None` if nobody has this id.
    pub account: Option<Arc<Account>>,
    pub refusal: Option<Refusal>,
}

pub fn create(world: &World, profile: Profile, creator: Arc<Account>, others: Vec<Arc<Account>>, addressing: Addressing) -> Arc<Group> {
    let mut members = vec![Member { account: creator.clone(), role: Role::Superadmin }];
    for account in others {
        // Who is named twice is in once.
        let _ = admit(&mut members, &account);
    }
    let group = Arc::new(Group {
        jid: world.groups.next_jid(),
        creator: creator.clone(),
        created: stanza::unix_secs(),
        addressing,
        members: RwLock::new(members),
        profile: RwLock::new(profile),
    });
    world.groups.add(group.clone());
    let members = group.members().clone();
    for member in &members {
        member.account.join(&group.jid.user);
    }
    announce(&group, &creator, &members, &created(&group));
    tracing::info!(group = %group.jid, "A group was created");
    group
}

/// Changes what may be changed, one by one; those added are told of the whole group.
pub fn change(world: &World, group: &Group, by: &Account, change: Change, asked: Vec<Jid>) -> Result<Vec<Outcome>, Refusal> {
    if !group.has(by) {
        return Err(Refusal::Forbidden);
    }
    let entitled = group.is_admin(by) || (change == Change::Add && group.profile().members_add);
    let (before, changed, outcomes) = {
        let mut members = group.members_mut();
        let (before, mut changed) = (members.clone(), Vec::new());
        let outcomes = asked.into_iter().map(|asked| {
            let account = world.account_of(&asked);
            let done = match &account {
                _ if !entitled => Err(Refusal::Forbidden),
                None => Err(Refusal::NotFound),
                Some(account) => apply(&mut members, change, account),
            };
            let refusal = done.map(|member| changed.push(member)).err();
            Outcome { asked, account, refusal }
        });
        let outcomes: Vec<_> = outcomes.collect();
        (before, changed, outcomes)
    };
    if changed.is_empty() {
        return Ok(outcomes);
    }
    let news = NodeBuilder::new(change.wire()).children(participants(group, changed.iter())).build();
    announce(group, by, &before, &news);
    for member in &changed {
        match change {
            Change::Add => member.account.join(&group.jid.user),
            Change::Remove => member.account.leave(&group.jid.user),
            Change::Promote | Change::Demote => {}
        }
    }
    if change == Change::Add {
        announce(group, by, &changed, &created(group));
    }
    Ok(outcomes)
}

/// A member goes by their own choice.
pub fn leave(group: &Group, by: &Account) -> Result<(), Refusal> {
    let (before, gone) = {
        let mut members = group.members_mut();
        let before = members.clone();
        let gone: Vec<_> = members.extract_if(.., |member| member.account.is(by)).collect();
        (before, gone)
    };
    if gone.is_empty() {
        return Err(Refusal::Forbidden);
    }
    let news = NodeBuilder::new("remove").children(participants(group, gone.iter())).build();
    announce(group, by, &before, &news);
    by.leave(&group.jid.user);
    Ok(())
}

/// Somebody comes by way of an invitation.
pub fn join(group: &Group, account: &Arc<Account>) -> Result<(), Refusal> {
    let (before, joined) = {
        let mut members = group.members_mut();
        (members.clone(), [admit(&mut members, account)?])
    };
    account.join(&group.jid.user);
    let news = NodeBuilder::new("add").attr("reason", "invite").children(participants(group, joined.iter())).build();
    announce(group, account, &before, &news);
    announce(group, account, &joined, &created(group));
    Ok(())
}

/// The member as it was or became.
fn apply(members: &mut Vec<Member>, change: Change, account: &Arc<Account>) -> Result<Member, Refusal> {
    if change == Change::Add {
        return admit(members, account);
    }
    let at = members.iter().position(|member| member.account.is(account)).ok_or(Refusal::NotFound)?;
    let role = match (change, members[at].role) {
        (Change::Remove | Change::Demote, Role::Superadmin) => return Err(Refusal::NotAcceptable),
        (Change::Remove, _) => return Ok(members.remove(at)),
        (Change::Promote, Role::Member) => Role::Admin,
        (Change::Demote, Role::Admin) => Role::Member,
        _ => return Err(Refusal::Conflict),
    };
    members[at].role = role;
    Ok(members[at].clone())
}

fn admit(members: &mut Vec<Member>, account: &Arc<Account>) -> Result<Member, Refusal> {
    if members.iter().any(|member| member.account.is(account)) {
        return Err(Refusal::Conflict);
    }
    if members.len() >= MEMBERS_LIMIT {
        return Err(Refusal::Full);
    }
    let member = Member { account: account.clone(), role: Role::Member };
    members.push(member.clone());
    Ok(member)
}
