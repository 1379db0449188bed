//! App state as the server keeps it: per collection a chain of patches it cannot read.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use buffa::{Message as _, MessageField};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, Server};
use waproto::whatsapp::{SyncdPatch, SyncdVersion};

use crate::account::Account;
use crate::mailbox::Class;
use crate::stanza;
use crate::world::World;

/// Patches one collection may have.
const CAPACITY: usize = 10_000;
const GATHERING: Duration = Duration::from_millis(200);

#[derive(Default)]
pub struct Collections {
    patches: HashMap<String, Vec<Vec<u8>>>,
}

impl Collections {
    pub fn version(&self, name: &str) -> u64 {
        self.patches.get(name).map_or(0, Vec::len) as u64
    }

    /// The encoded patches that follow a version.
    pub fn after(&self, name: &str, version: u64) -> &[Vec<u8>] {
        let patches = self.patches.get(name).map_or(&[][..], Vec::as_slice);
        let known = usize::try_from(version).unwrap_or(usize::MAX);
        patches.get(known..).unwrap_or_default()
    }

    /// Appends a patch made on top of `base`; returns the new version, or `None` if there is a
    /// newer one already.
    pub fn append(&mut self, name: &str, base: u64, mut patch: SyncdPatch) -> Option<u64> {
        let version = self.version(name);
        if base != version || version as usize >= CAPACITY {
            return None;
        }
        patch.version = MessageField::some(SyncdVersion { version: Some(version + 1) });
        let patches = self.patches.entry(name.to_owned()).or_default();
        patches.push(patch.encode_to_vec());
        Some(version + 1)
    }
}

/// What is to be told of collections: their latest versions.
pub type News = BTreeMap<String, u64>;

/// Tells a person's companions that there is something to fetch, which they miss while they are
/// still fetching: so what changes at about the same time is told at once, a little later.
pub fn announce(world: &Arc<World>, own: &Arc<Account>, changed: impl IntoIterator<Item = (String, u64)>) {
    let is_first = {
        let mut news = own.news();
        let was_empty = news.is_empty();
        news.extend(changed);
        was_empty && !news.is_empty()
    };
    if !is_first {
        return;
    }
    let (own, closing) = (own.clone(), world.closing.clone());
    world.tasks.spawn(async move {
        if closing.run_until_cancelled(tokio::time::sleep(GATHERING)).await.is_some() {
            tell(&own);
        }
    });
}

fn tell(own: &Account) {
    let news = std::mem::take(&mut *own.news());
    let changed: Vec<Node> =
        news.iter().map(|(name, version)| NodeBuilder::new("collection").attr("name", name).attr("version", *version).build()).collect();
    let from = own.jid(Server::Pn, 0);
    for device in own.devices() {
        let id = stanza::random_id();
        let notification = NodeBuilder::new("notification")
            .attr("from", &from)
            .attr("id", id.as_str())
            .attr("type", "server_sync")
            .attr("t", stanza::unix_secs())
            .children(changed.iter().cloned())
            .build();
        device.mailbox.push(Class::Notification, &id, from.clone(), notification);
    }
}
