//! Receipts: they clear what their sender had waiting, and go on to whom they concern.

use std::sync::Arc;

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, NodeRef, Server};

use crate::account::Account;
use crate::link::Link;
use crate::login::Member;
use crate::mailbox::Class;
use crate::messages::ack;
use crate::phone;
use crate::reupload;
use crate::stanza::{attr, unix_secs};
use crate::world::World;

/// Ids one receipt may carry.
const IDS_LIMIT: usize = 1024;

/// A companion confirms, reads or asks again.
pub async fn from_companion(world: &World, link: &Arc<Link>, member: &Member, node: &NodeRef<'_>) {
    let kind = attr(node, "type");
    let extra = match kind.is_empty() {
        true => Vec::new(),
        false => vec![("type", kind.as_ref().into())],
    };
    link.send(ack(node, &extra)).await;
    let Some(to) = node.get_attr("to").and_then(|to| to.to_jid()) else {
        return;
    };
    if matches!(kind.as_ref(), "" | "inactive" | "sender" | "peer_msg") {
        for id in ids(node) {
            member.device.mailbox.acknowledge(Class::Message, &id, &to);
        }
    }
    match kind.as_ref() {
        "server-error" => reupload::ask(world, member, node),
        _ => route(world, &member.account, member.device.id, node),
    }
}

/// A companion has what was sent to it.
pub fn acknowledged(member: &Member, node: &NodeRef<'_>) {
    let class = match attr(node, "class").as_ref() {
        "message" => Class::Message,
        "receipt" => Class::Receipt,
        "notification" => Class::Notification,
        _ => return,
    };
    if let Some(to) = node.get_attr("to").and_then(|to| to.to_jid()) {
        let id = attr(node, "id");
        member.device.mailbox.acknowledge(class, &id, &to);
    }
}

/// Passes a receipt on: requests for a retry to the one device that sent the message, ticks to all
/// devices of the person, and to the reader's own other devices that the chat was read.
pub fn route(world: &World, sender: &Arc<Account>, device: u16, node: &NodeRef<'_>) {
    let Some((author, origin)) = addressed(world, sender, device, node) else {
        return;
    };
    let Some(account) = world.account_of(&author) else {
        return;
    };
    let kind = attr(node, "type");
    match kind.as_ref() {
        "retry" => {
            let recipient = node.get_attr("recipient").and_then(|jid| jid.to_jid());
            deliver(world, &account, author.device, node, &origin, recipient);
        }
        "" | "inactive" | "read" | "played" if !account.is(sender) => {
            for target in account.all_devices() {
                deliver(world, &account, target, node, &origin, None);
            }
        }
        _ => {}
    }
    if matches!(kind.as_ref(), "read" | "read-self") {
        for own in sender.all_devices().into_iter().filter(|own| *own != device) {
            deliver(world, sender, own, node, &origin, Some(author.to_non_ad()));
        }
    }
}

/// Where a receipt comes from, as it is told to whom it concerns.
struct Origin {
    from: Jid,
    /// In a group: the member's device, and its other id.
    participant: Option<(Jid, (&'static str, Jid))>,
}

/// The device that wrote what a receipt is about, and where the receipt comes from.
fn addressed(world: &World, sender: &Account, device: u16, node: &NodeRef<'_>) -> Option<(Jid, Origin)> {
    let to = node.get_attr("to").and_then(|to| to.to_jid())?;
    if to.server != Server::Group {
        let from = sender.jid(to.server, device);
        return Some((to, Origin { from, participant: None }));
    }
    let group = world.groups.find(&to)?;
    let author = node.get_attr("participant").and_then(|author| author.to_jid())?;
    let participant = Some((group.address(sender, device), group.alternative(sender, device)));
    Some((author, Origin { from: to, participant }))
}

fn deliver(world: &World, account: &Arc<Account>, target: u16, node: &NodeRef<'_>, origin: &Origin, recipient: Option<Jid>) {
    let id = attr(node, "id");
    let mut receipt = NodeBuilder::new("receipt").attr("from", &origin.from).attr("id", id.as_ref()).attr("t", unix_secs());
    if let Some((participant, (alternative, other_id))) = &origin.participant {
        receipt = receipt.attr("participant", participant).attr(alternative, other_id);
    }
    if let Some(kind) = node.get_attr("type") {
        receipt = receipt.attr("type", kind.to_node_value());
    }
    if let Some(recipient) = recipient {
        receipt = receipt.attr("recipient", recipient);
    }
    let children = node.children().unwrap_or_default();
    let receipt = match children.is_empty() {
        true => receipt.build(),
        false => receipt.children(children.iter().map(NodeRef::to_owned)).build(),
    };
    if target == 0 {
        phone::deliver(world, account, receipt);
    } else if let Some(device) = account.device(target) {
        device.mailbox.push(Class::Receipt, &id, origin.from.clone(), receipt);
    }
}

/// All messages a receipt is about.
pub fn ids(node: &NodeRef<'_>) -> Vec<String> {
    let listed = node.get_optional_child("list").into_iter().flat_map(|list| list.get_children_by_tag("item")).map(|item| attr(item, "id"));
    std::iter::once(attr(node, "id")).chain(listed).take(IDS_LIMIT).map(|id| id.into_owned()).collect()
}
