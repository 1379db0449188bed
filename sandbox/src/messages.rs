//! The way of a message: acknowledged to its sender, then one stanza for every device it is sealed
//! for.

use std::sync::Arc;

use wacore_binary::builder::NodeBuilder;
use wacore_binary::node::NodeValue;
use wacore_binary::{Jid, Node, NodeRef, Server};

use crate::account::Account;
use crate::faults;
use crate::groups::{self, Dispatch, Group};
use crate::link::Link;
use crate::login::Member;
use crate::mailbox::Class;
use crate::phone;
use crate::stanza::{attr, unix_secs};
use crate::world::World;

const BAD_STANZA: Refusal = Refusal("400");
const FORBIDDEN: Refusal = Refusal("403");
const UNKNOWN_RECIPIENT: Refusal = Refusal("404");
const UNAVAILABLE: Refusal = Refusal("503");
/// Devices one message may be sealed for.
const DEVICES_LIMIT: usize = 2048;
/// What goes to every device beside the sealed content.
pub const SHARED: [&str; 5] = ["device-identity", "reporting", "meta", "biz", "bot"];

/// Marks a phone's message that must not tell its sender's other id.
pub const WITHHOLD_OTHER_ID: &str = "withhold-other-id";

/// Why a message was not taken, as the code of the error ack.
#[derive(Debug, Clone, Copy)]
pub struct Refusal(pub &'static str);

/// Takes a message from a companion and answers it; what it causes follows the answer.
pub async fn from_companion(world: &Arc<World>, link: &Arc<Link>, member: &Member, node: &NodeRef<'_>) {
    // Requests between programs do not count as messages.
    let refused = attr(node, "category") != "peer" && world.faults.refuses_message();
    let checked = match refused {
        true => Err(UNAVAILABLE),
        false => Envelope::check(world, &member.account, member.device.id, node),
    };
    match checked {
        Ok(envelope) => {
            let taken = ack(node, &[("t", envelope.timestamp.to_string().into())]);
            faults::answer(world, link, world.faults.ack_delay(), taken).await;
            envelope.route(world);
        }
        Err(refusal) => link.send(ack(node, &[("error", refusal.0.into())])).await,
    }
}

/// Brings a message to the devices it is sealed for.
pub fn route(world: &World, sender: &Arc<Account>, device: u16, node: &NodeRef<'_>) -> Result<(), Refusal> {
    Envelope::check(world, sender, device, node)?.route(world);
    Ok(())
}

enum Recipient {
    Person(Arc<Account>),
    Group(Arc<Group>),
}

/// A message on its way, before it is addressed to one device.
struct Envelope<'a> {
    sender: &'a Arc<Account>,
    device: u16,
    to: Jid,
    recipient: Recipient,
    timestamp: u64,
    node: &'a NodeRef<'a>,
}

impl<'a> Envelope<'a> {
    fn check(world: &World, sender: &'a Arc<Account>, device: u16, node: &'a NodeRef<'a>) -> Result<Self, Refusal> {
        let to = node.get_attr("to").and_then(|to| to.to_jid());
        let to = to.filter(|_| !attr(node, "id").is_empty()).ok_or(BAD_STANZA)?;
        let recipient = match to.server {
            Server::Group => {
                let group = world.groups.find(&to).ok_or(UNKNOWN_RECIPIENT)?;
                if !group.hears(sender) {
                    return Err(FORBIDDEN);
                }
                Recipient::Group(group)
            }
            _ => Recipient::Person(world.account_of(&to).ok_or(UNKNOWN_RECIPIENT)?),
        };
        Ok(Self { sender, device, to, recipient, timestamp: unix_secs(), node })
    }

    fn route(&self, world: &World) {
        match &self.recipient {
            Recipient::Person(person) => self.route_to_person(world, person),
            Recipient::Group(group) => {
                let dispatch = Dispatch { sender: self.sender, device: self.device, timestamp: self.timestamp, node: self.node };
                groups::fan_out(world, group, &dispatch);
            }
        }
    }

    /// To devices of the recipient and of the sender, the latter first: they know of a message
    /// before its first receipt reaches them.
    fn route_to_person(&self, world: &World, recipient: &Arc<Account>) {
        self.sender.acquaint(recipient);
        recipient.acquaint(self.sender);
        let Some(participants) = self.node.get_optional_child("participants") else {
            return self.deliver(world, recipient, &self.to, self.node);
        };
        let targets = participants.get_children_by_tag("to").take(DEVICES_LIMIT).filter_map(|sealed| {
            let target = sealed.get_attr("jid")?.to_jid()?;
            Some((world.account_of(&target)?, target, sealed))
        });
        let (own, others): (Vec<_>, Vec<_>) = targets.partition(|(account, ..)| account.is(self.sender));
        let others = others.iter().filter(|(account, ..)| account.is(recipient));
        for (account, target, sealed) in own.iter().chain(others) {
            self.deliver(world, account, target, sealed);
        }
    }

    /// `sealed` holds the content for this one device.
    fn deliver(&self, world: &World, account: &Arc<Account>, target: &Jid, sealed: &NodeRef<'_>) {
        if account.blocks(self.sender) || (account.is(self.sender) && target.device == self.device) {
            return;
        }
        let from = self.sender.jid(target.server, self.device);
        let stanza = self.stanza(account, &from, sealed);
        if target.device == 0 {
            phone::deliver(world, account, stanza);
        } else if let Some(device) = account.device(target.device) {
            let id = attr(self.node, "id");
            device.mailbox.push(Class::Message, &id, from, stanza);
        }
    }

    fn stanza(&self, account: &Account, from: &Jid, sealed: &NodeRef<'_>) -> Node {
        let mut stanza = NodeBuilder::new("message")
            .attr("from", from)
            .attr("id", attr(self.node, "id").into_owned())
            .attr("type", attr(self.node, "type").into_owned())
            .attr("t", self.timestamp)
            .attr("notify", self.sender.name());
        for name in ["category", "edit"] {
            if let Some(value) = self.node.get_attr(name) {
                stanza = stanza.attr(name, value.to_node_value());
            }
        }
        let peer = attr(self.node, "category") == "peer";
        stanza = if account.is(self.sender) {
            match self.node.get_attr("recipient") {
                Some(recipient) => stanza.attr("recipient", recipient.to_node_value()),
                None if peer => stanza,
                None => stanza.attr("recipient", self.to.to_non_ad()),
            }
        } else if withholds_other_id(self.node) {
            stanza
        } else if from.server == Server::Lid {
            stanza.attr("sender_pn", self.sender.jid(Server::Pn, self.device))
        } else {
            stanza.attr("sender_lid", self.sender.jid(Server::Lid, self.device))
        };
        let sealed = sealed.get_children_by_tag("enc").map(NodeRef::to_owned);
        let shared = self.node.children().unwrap_or_default().iter();
        let shared = shared.filter(|child| SHARED.contains(&child.tag.as_ref()));
        stanza.children(sealed.chain(shared.map(NodeRef::to_owned))).build()
    }
}

/// A sender known by lid alone, or by number alone.
pub fn withholds_other_id(node: &NodeRef<'_>) -> bool {
    node.get_attr(WITHHOLD_OTHER_ID).is_some()
}

/// The server's answer to a stanza that is no IQ.
pub fn ack(node: &NodeRef<'_>, extra: &[(&'static str, NodeValue)]) -> Node {
    let mut ack = NodeBuilder::new("ack").attr("class", node.tag.to_string()).attr("id", attr(node, "id").into_owned());
    if let Some(to) = node.get_attr("to") {
        ack = ack.attr("from", to.to_node_value());
    }
    for (name, value) in extra {
        ack = ack.attr(name, value.clone());
    }
    ack.build()
}
