//! Companions come and go: the roster changes, and everyone who writes to the person is told.

use std::sync::Arc;

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, Server};

use crate::account::{Account, Device};
use crate::mailbox::Class;
use crate::stanza;
use crate::world::World;

pub fn link(world: &World, account: &Account, device: Device) {
    let device = Arc::new(device);
    account.add_device(device.clone());
    announce(world, account, &device, "add");
    tracing::info!(device = device.id, "A companion was linked");
}

/// Unlinks a companion: its connection is told so, its later logins are refused.
pub fn unlink(world: &World, account: &Account, id: u16) -> Option<()> {
    let device = account.remove_device(id)?;
    account.phone().forget_device(account, id);
    if let Some(link) = device.mailbox.link() {
        link.end(Some(stanza::conflict(Some("401"), "device_removed")));
    }
    announce(world, account, &device, "remove");
    tracing::info!(device = id, "A companion was unlinked");
    Some(())
}

/// Everyone who ever wrote, was written to, is in the address book or in a group with the person.
pub fn audience(world: &World, account: &Account) -> Vec<Arc<Account>> {
    let mut acquaintances = account.acquaintances();
    for group in world.groups.of(account) {
        acquaintances.extend(group.members().iter().map(|member| member.account.number.clone()));
    }
    acquaintances.remove(&account.number);
    acquaintances.iter().filter_map(|number| world.account(number)).collect()
}

/// Tells the person's other companions, and those of everyone who knows the person.
fn announce(world: &World, account: &Account, changed: &Device, change: &'static str) {
    let others = account.devices().into_iter().filter(|d| d.id != changed.id);
    let from = account.jid(Server::Pn, 0);
    for device in others.chain(audience(world, account).iter().flat_map(|person| person.devices())) {
        let id = stanza::random_id();
        let notification = NodeBuilder::new("notification")
            .attr("from", &from)
            .attr("lid", account.jid(Server::Lid, 0))
            .attr("id", id.as_str())
            .attr("type", "devices")
            .attr("t", stanza::unix_secs())
            .children([changed_device(account, changed, change)])
            .build();
        let mailbox = &device.mailbox;
        mailbox.push(Class::Notification, &id, from.clone(), notification);
    }
}

fn changed_device(account: &Account, device: &Device, change: &'static str) -> Node {
    let key_indexes = account.key_index_list();
    NodeBuilder::new(change)
        .children([
            NodeBuilder::new("device")
                .attr("jid", account.jid(Server::Pn, device.id))
                .attr("lid", account.jid(Server::Lid, device.id))
                .attr("key-index", device.key_index)
                .build(),
            NodeBuilder::new("key-index-list").attr("ts", key_indexes.timestamp).bytes(key_indexes.bytes.as_slice()).build(),
        ])
        .build()
}
