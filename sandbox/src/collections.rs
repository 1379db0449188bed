//! App state as the server keeps it: per collection a chain of patches it cannot read.

use std::collections::HashMap;

use buffa::{Message as _, MessageField};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, Server};
use waproto::whatsapp::{SyncdPatch, SyncdVersion};

use crate::account::Account;
use crate::mailbox::Class;
use crate::stanza;

/// Patches one collection may have.
const CAPACITY: usize = 10_000;

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

/// Tells a person's other companions that there is something to fetch.
pub fn announce(own: &Account, device: u16, changed: &[(&str, u64)]) {
    let from = own.jid(Server::Pn, 0);
    let changed: Vec<Node> = changed.iter().map(|(name, version)| versioned(name, *version)).collect();
    for device in own.devices().into_iter().filter(|companion| companion.id != device) {
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

fn versioned(name: &str, version: u64) -> Node {
    NodeBuilder::new("collection").attr("name", name).attr("version", version).build()
}
