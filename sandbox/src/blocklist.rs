//! Whom a person has blocked: their messages do not arrive.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, Server};

use crate::account::Account;
use crate::mailbox::Class;
use crate::stanza::{self, unix_secs};
use crate::world::World;

/// Blocks somebody or lets them in again; the person's other companions are told.
pub fn set(own: &Account, device: u16, other: &Account, blocked: bool) {
    if !own.block(other, blocked) {
        return;
    }
    let action = if blocked { "block" } else { "unblock" };
    let item = item(other).attr("action", action).attr("pn_jid", other.jid(Server::Pn, 0)).build();
    let news = NodeBuilder::new("blocklist").attr("action", "modify").children([item]).build();
    let from = own.jid(Server::Pn, 0);
    for device in own.devices().into_iter().filter(|companion| companion.id != device) {
        let id = stanza::random_id();
        let notification = NodeBuilder::new("notification")
            .attr("from", &from)
            .attr("id", id.as_str())
            .attr("type", "account_sync")
            .attr("t", unix_secs())
            .children([news.clone()])
            .build();
        device.mailbox.push(Class::Notification, &id, from.clone(), notification);
    }
}

pub fn list(world: &World, own: &Account) -> Node {
    let blocked = own.blocked().into_iter().filter_map(|(number, since)| Some((world.account(&number)?, since)));
    let items = blocked.map(|(other, since)| item(&other).attr("t", since).build());
    NodeBuilder::new("list").children(items.collect::<Vec<_>>()).build()
}

fn item(other: &Account) -> NodeBuilder {
    NodeBuilder::new("item").attr("jid", other.jid(Server::Lid, 0))
}
