//! The way of a message to a group: one stanza for every device of every member.

use std::collections::HashMap;
use std::sync::Arc;

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, NodeRef};

use super::Group;
use crate::account::Account;
use crate::mailbox::Class;
use crate::messages::{SHARED, withholds_other_id};
use crate::phone;
use crate::stanza::attr;
use crate::world::World;

/// Who sent a message to a group, and when.
pub struct Dispatch<'a> {
    pub sender: &'a Arc<Account>,
    pub device: u16,
    pub timestamp: u64,
    pub node: &'a NodeRef<'a>,
}

/// The content is sealed once for all; what some devices need to open it comes along, sealed for
/// each of them. The sender's own devices come first: they know of a message before its first
/// receipt reaches them.
pub fn fan_out(world: &World, group: &Group, dispatch: &Dispatch<'_>) {
    let node = dispatch.node;
    if let Some(target) = node.get_attr("participant").and_then(|jid| jid.to_jid()) {
        // Asked for by this one device.
        if let Some(account) = world.account_of(&target) {
            deliver(world, group, dispatch, &account, target.device, None);
        }
        return;
    }
    let sealed = sealed_keys(world, node);
    let members: Vec<Arc<Account>> = group.members().iter().map(|member| member.account.clone()).collect();
    let (own, others): (Vec<_>, Vec<_>) = members.into_iter().partition(|account| account.is(dispatch.sender));
    for account in own.iter().chain(&others) {
        for device in account.all_devices() {
            if !(account.is(dispatch.sender) && device == dispatch.device) {
                let keys = sealed.get(&(account.number.clone(), device)).copied();
                deliver(world, group, dispatch, account, device, keys);
            }
        }
    }
}

/// What is sealed for single devices, by number and device.
fn sealed_keys<'a>(world: &World, node: &'a NodeRef<'a>) -> HashMap<(String, u16), &'a NodeRef<'a>> {
    let participants = node.get_optional_child("participants");
    let targets = participants.into_iter().flat_map(|participants| participants.get_children_by_tag("to"));
    targets
        .filter_map(|sealed| {
            let target: Jid = sealed.get_attr("jid")?.to_jid()?;
            Some(((world.account_of(&target)?.number.clone(), target.device), sealed))
        })
        .collect()
}

fn deliver(world: &World, group: &Group, dispatch: &Dispatch<'_>, account: &Arc<Account>, device: u16, keys: Option<&NodeRef<'_>>) {
    if device == 0 {
        phone::deliver(world, account, stanza(group, dispatch, keys));
    } else if let Some(device) = account.device(device) {
        let id = attr(dispatch.node, "id");
        device.mailbox.push(Class::Message, &id, group.jid.clone(), stanza(group, dispatch, keys));
    }
}

fn stanza(group: &Group, dispatch: &Dispatch<'_>, keys: Option<&NodeRef<'_>>) -> Node {
    let Dispatch { sender, device, timestamp, node } = dispatch;
    let mut stanza = NodeBuilder::new("message")
        .attr("from", &group.jid)
        .attr("participant", group.address(sender, *device))
        .attr("addressing_mode", group.addressing.wire())
        .attr("id", attr(node, "id").into_owned())
        .attr("type", attr(node, "type").into_owned())
        .attr("t", *timestamp)
        .attr("notify", sender.name());
    if !withholds_other_id(node) {
        let (alternative, other_id) = group.alternative(sender, *device);
        stanza = stanza.attr(alternative, other_id);
    }
    if let Some(edit) = node.get_attr("edit") {
        stanza = stanza.attr("edit", edit.to_node_value());
    }
    let keys = keys.into_iter().flat_map(|keys| keys.get_children_by_tag("enc"));
    let sealed = keys.chain(node.get_children_by_tag("enc")).map(NodeRef::to_owned);
    let shared = node.children().unwrap_or_default().iter();
    let shared = shared.filter(|child| SHARED.contains(&child.tag.as_ref()));
    stanza.children(sealed.chain(shared.map(NodeRef::to_owned))).build()
}
