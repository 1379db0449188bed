//! Questions about users: who has an account, which lid, which devices.

use std::sync::Arc;

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, NodeRef, Server};

use crate::account::Account;
use crate::persona::verified_name;
use crate::stanza::{self, attr};
use crate::world::World;

const USERS_LIMIT: usize = 2048;

pub fn answer(world: &World, node: &NodeRef<'_>) -> Node {
    let Some(usync) = node.get_optional_child("usync") else {
        return stanza::error(node, 400, "bad-request");
    };
    let protocols: Vec<&str> = usync
        .get_optional_child("query")
        .and_then(NodeRef::children)
        .unwrap_or_default()
        .iter()
        .map(|protocol| protocol.tag.as_ref())
        .collect();
    let users = usync
        .get_optional_child("list")
        .into_iter()
        .flat_map(|list| list.get_children_by_tag("user"))
        .take(USERS_LIMIT)
        .filter_map(|user| describe(world, user, &protocols));
    let list = NodeBuilder::new("list").children(users).build();
    let result = NodeBuilder::new("result").children(protocols.iter().map(|&p| NodeBuilder::new_dynamic(p.to_owned()).build())).build();
    let usync = NodeBuilder::new("usync")
        .attr("sid", attr(usync, "sid").into_owned())
        .attr("mode", attr(usync, "mode").into_owned())
        .attr("context", attr(usync, "context").into_owned())
        .attr("index", "0")
        .attr("last", "true")
        .children([result, list])
        .build();
    stanza::result(node, [usync])
}

fn describe(world: &World, user: &NodeRef<'_>, protocols: &[&str]) -> Option<Node> {
    let asked = asked_for(user)?;
    let account = world.account_of(&asked);
    // A number nobody has is said to be out; a lid nobody has is left out.
    if account.is_none() && asked.server == Server::Lid {
        return None;
    }
    let mut described = NodeBuilder::new("user").attr("jid", &asked);
    if let Some(account) = account.as_ref().filter(|_| asked.server == Server::Lid) {
        described = described.attr("pn_jid", account.jid(Server::Pn, 0));
    }
    let children = protocols.iter().filter_map(|&protocol| answer_protocol(protocol, account.as_ref(), user));
    Some(described.children(children.collect::<Vec<_>>()).build())
}

/// By id, or by the phone number in the contact query.
fn asked_for(user: &NodeRef<'_>) -> Option<Jid> {
    if let Some(jid) = user.get_attr("jid") {
        return Some(jid.to_jid()?.to_non_ad());
    }
    let number = user.get_optional_child("contact")?.content_as_string()?;
    let digits = number.trim_start_matches('+');
    let numeric = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    numeric.then(|| Jid::pn(digits))
}

fn answer_protocol(protocol: &str, account: Option<&Arc<Account>>, user: &NodeRef<'_>) -> Option<Node> {
    match protocol {
        "contact" => {
            let found = if account.is_some() { "in" } else { "out" };
            let contact = NodeBuilder::new("contact").attr("type", found);
            let asked = user.get_optional_child("contact").and_then(NodeRef::content_as_string);
            Some(match asked {
                Some(number) => contact.string_content(number).build(),
                None => contact.build(),
            })
        }
        "lid" => {
            let lid = account?.jid(Server::Lid, 0);
            Some(NodeBuilder::new("lid").attr("val", lid).build())
        }
        "devices" => Some(devices(account?)),
        "status" => {
            let about = account?.persona().about.clone()?;
            Some(NodeBuilder::new("status").attr("t", about.since).string_content(about.text).build())
        }
        "picture" => {
            let picture = account?.persona().picture.clone()?;
            Some(NodeBuilder::new("picture").attr("id", picture.id).build())
        }
        "business" => {
            let name = account?.persona().business.clone()?;
            Some(NodeBuilder::new("business").children([verified_name(&name)]).build())
        }
        _ => None,
    }
}

fn devices(account: &Account) -> Node {
    let companions = account.devices();
    let phone = NodeBuilder::new("device").attr("id", "0").build();
    let devices = std::iter::once(phone).chain(
        companions
            .iter()
            .map(|device| NodeBuilder::new("device").attr("id", u32::from(device.id)).attr("key-index", device.key_index).build()),
    );
    let key_indexes = account.key_index_list();
    NodeBuilder::new("devices")
        .children([
            NodeBuilder::new("device-list").children(devices).build(),
            NodeBuilder::new("key-index-list").attr("ts", key_indexes.timestamp).bytes(key_indexes.bytes.as_slice()).build(),
        ])
        .build()
}
