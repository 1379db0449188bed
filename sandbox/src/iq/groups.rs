//! Questions about groups, answered to their members, and what they do with them.

use std::sync::Arc;

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, NodeRef};

use crate::account::Account;
use crate::groups::{self, Addressing, Change, Group, Outcome, Profile, Refusal, Setting, describe, named};
use crate::login::Member;
use crate::stanza::{self, attr, random_id};
use crate::world::World;

pub fn answer(world: &World, member: &Member, node: &NodeRef<'_>) -> Node {
    let Some(asked) = node.children().and_then(<[_]>::first) else {
        return stanza::error(node, 400, "bad-request");
    };
    let own = &member.account;
    let answered = match attr(node, "type").as_ref() {
        "set" => act(world, own, node, asked),
        _ => tell(world, own, node, asked),
    };
    match answered {
        Some(Ok(answer)) => stanza::result(node, answer),
        Some(Err(refusal)) => stanza::error(node, refusal.code(), refusal.text()),
        None => stanza::error(node, 501, "feature-not-implemented"),
    }
}

type Answer = Result<Option<Node>, Refusal>;

/// `None` if the sandbox does not know what is asked.
fn tell(world: &World, own: &Arc<Account>, node: &NodeRef<'_>, asked: &NodeRef<'_>) -> Option<Answer> {
    let code = attr(asked, "code");
    Some(match asked.tag.as_ref() {
        "participating" => {
            let groups = world.groups.of(own);
            let groups = groups.iter().map(|group| describe(group));
            Ok(Some(NodeBuilder::new("groups").children(groups).build()))
        }
        "query" => addressed(world, node).and_then(|group| match group.has(own) {
            true => Ok(Some(describe(&group))),
            false => Err(Refusal::Forbidden),
        }),
        "invite" if code.is_empty() => addressed(world, node).and_then(|group| match group.is_admin(own) {
            true => Ok(Some(invitation(&group.profile().invite))),
            false => Err(Refusal::Forbidden),
        }),
        "invite" => world.groups.invited_by(&code).map(|group| Some(describe(&group))),
        _ => return None,
    })
}

fn act(world: &World, own: &Arc<Account>, node: &NodeRef<'_>, asked: &NodeRef<'_>) -> Option<Answer> {
    let code = attr(asked, "code");
    Some(match asked.tag.as_ref() {
        "create" => create(world, own, asked),
        "leave" => leave(world, own, asked),
        "invite" if code.is_empty() => {
            addressed(world, node).and_then(|group| groups::reset_invite(&group, own)).map(|code| Some(invitation(&code)))
        }
        "invite" => world.groups.invited_by(&code).and_then(|group| {
            groups::join(&group, own)?;
            Ok(Some(NodeBuilder::new("group").attr("jid", &group.jid).build()))
        }),
        tag => match (Change::parse(tag), setting(asked)) {
            (Some(change), _) => addressed(world, node).and_then(|group| change_members(world, own, &group, change, asked)),
            (None, Some(setting)) => addressed(world, node).and_then(|group| groups::set(&group, own, setting)).map(|()| None),
            (None, None) => return None,
        },
    })
}

fn addressed(world: &World, node: &NodeRef<'_>) -> Result<Arc<Group>, Refusal> {
    let to = node.get_attr("to").and_then(|to| to.to_jid());
    to.and_then(|to| world.groups.find(&to)).ok_or(Refusal::NotFound)
}

fn invitation(code: &str) -> Node {
    NodeBuilder::new("invite").attr("code", code).build()
}

/// Those without an account stay out, and the answer says so.
fn create(world: &World, own: &Arc<Account>, asked: &NodeRef<'_>) -> Answer {
    let mut profile = Profile::new(attr(asked, "subject").into_owned(), own).ok_or(Refusal::NotAcceptable)?;
    profile.members_add = asked.get_optional_child("member_add_mode").is_some_and(members_add);
    if let Some((description, text)) = asked.get_optional_child("description").and_then(|node| Some((node, body(node)?))) {
        profile = profile.described(attr(description, "id").into_owned(), text, own);
    }
    let asked = participants(asked);
    if asked.len() >= groups::MEMBERS_LIMIT {
        return Err(Refusal::Full);
    }
    let (others, unknown): (Vec<_>, Vec<_>) = asked.into_iter().map(|jid| world.account_of(&jid).ok_or(jid)).partition(Result::is_ok);
    let others = others.into_iter().flatten().collect();
    let group = groups::create(world, profile, own.clone(), others, Addressing::Lid);
    let mut described = describe(&group);
    if let Some(wacore_binary::node::NodeContent::Nodes(children)) = &mut described.content {
        let unknown = unknown.into_iter().filter_map(Result::err);
        children.extend(unknown.map(|jid| refused(NodeBuilder::new("participant").attr("jid", jid), Refusal::NotFound)));
    }
    Ok(Some(described))
}

fn leave(world: &World, own: &Arc<Account>, asked: &NodeRef<'_>) -> Answer {
    let id = asked.get_optional_child("group").and_then(|group| group.get_attr("id")?.to_jid()).ok_or(Refusal::NotAcceptable)?;
    let group = world.groups.find(&id).ok_or(Refusal::NotFound)?;
    groups::leave(&group, own)?;
    let left = NodeBuilder::new("group").attr("id", &group.jid).build();
    Ok(Some(NodeBuilder::new("leave").children([left]).build()))
}

fn change_members(world: &World, own: &Account, group: &Group, change: Change, asked: &NodeRef<'_>) -> Answer {
    let outcomes = groups::change(world, group, own, change, participants(asked))?;
    let outcomes = outcomes.into_iter().map(|Outcome { asked, account, refusal }| {
        let participant = match account {
            Some(account) => named(group, &account),
            None => NodeBuilder::new("participant").attr("jid", asked),
        };
        match refusal {
            Some(refusal) => refused(participant, refusal),
            None => participant.build(),
        }
    });
    Ok(Some(NodeBuilder::new(change.wire()).children(outcomes).build()))
}

fn refused(participant: NodeBuilder, refusal: Refusal) -> Node {
    participant.attr("error", refusal.code()).build()
}

fn participants(asked: &NodeRef<'_>) -> Vec<Jid> {
    let participants = asked.get_children_by_tag("participant").take(groups::MEMBERS_LIMIT);
    participants.filter_map(|participant| Some(participant.get_attr("jid")?.to_jid()?.to_non_ad())).collect()
}

fn setting(asked: &NodeRef<'_>) -> Option<Setting> {
    Some(match asked.tag.as_ref() {
        "subject" => Setting::Subject(asked.content_as_string().unwrap_or_default().into()),
        "description" => Setting::Description {
            id: asked.get_attr("id").map_or_else(random_id, |id| id.as_str().into_owned()),
            previous: asked.get_attr("prev").map(|previous| previous.as_str().into_owned()),
            text: body(asked),
        },
        "announcement" => Setting::Announce(true),
        "not_announcement" => Setting::Announce(false),
        "locked" => Setting::Locked(true),
        "unlocked" => Setting::Locked(false),
        "member_add_mode" => Setting::MembersAdd(members_add(asked)),
        _ => return None,
    })
}

fn body(description: &NodeRef<'_>) -> Option<String> {
    Some(description.get_optional_child("body")?.content_as_string()?.into())
}

fn members_add(mode: &NodeRef<'_>) -> bool {
    mode.content_as_string().is_some_and(|mode| mode == "all_member_add")
}
