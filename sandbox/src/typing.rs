//! Who is typing or recording: told to whom it concerns, lost on those who are away.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, NodeRef, Server};

use crate::account::Account;
use crate::login::Member;
use crate::phone::Typing;
use crate::stanza::{attr, unix_secs};
use crate::world::World;

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Composing,
    Recording,
    Paused,
}

impl State {
    fn parse(node: &NodeRef<'_>) -> Option<Self> {
        let state = node.children()?.first()?;
        match state.tag.as_ref() {
            "composing" if attr(state, "media") == "audio" => Some(Self::Recording),
            "composing" => Some(Self::Composing),
            "paused" => Some(Self::Paused),
            _ => None,
        }
    }

    fn node(self) -> Node {
        match self {
            Self::Composing => NodeBuilder::new("composing").build(),
            Self::Recording => NodeBuilder::new("composing").attr("media", "audio").build(),
            Self::Paused => NodeBuilder::new("paused").build(),
        }
    }
}

pub fn from_companion(world: &World, member: &Member, node: &NodeRef<'_>) {
    let to = node.get_attr("to").and_then(|to| to.to_jid());
    if let Some((to, state)) = to.zip(State::parse(node)) {
        tell(world, &member.account, member.device.id, &to, state);
    }
}

/// Tells the other person, or the other members of the group; false if there are none.
pub fn tell(world: &World, typist: &Arc<Account>, device: u16, to: &Jid, state: State) -> bool {
    let stanza = NodeBuilder::new("chatstate").children([state.node()]);
    let typing = |chat| Typing { from: typist.number.clone(), chat, state, timestamp: unix_secs() };
    if to.server != Server::Group {
        let Some(other) = world.account_of(to) else {
            return false;
        };
        if other.blocks(typist) {
            return true;
        }
        let stanza = stanza.attr("from", typist.jid(to.server, device)).build();
        reach(&other, typing(typist.jid(Server::Pn, 0)), &Arc::new(stanza));
        return true;
    }
    let Some(group) = world.groups.find(to).filter(|group| group.has(typist)) else {
        return false;
    };
    let stanza = Arc::new(stanza.attr("from", to).attr("participant", group.address(typist, device)).build());
    let members = group.members().clone();
    for member in members.iter().filter(|member| !member.account.is(typist)) {
        reach(&member.account, typing(to.clone()), &stanza);
    }
    true
}

fn reach(person: &Account, typing: Typing, stanza: &Arc<Node>) {
    if let Ok(mut phone) = person.switched_on() {
        phone.see(typing);
    }
    for device in person.devices() {
        device.mailbox.mention(stanza);
    }
}
