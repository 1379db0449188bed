//! Reading and writing app-state collections.

use std::sync::Arc;

use buffa::Message as _;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, NodeRef};
use waproto::whatsapp::SyncdPatch;

use crate::collections::{self, Collections};
use crate::login::Member;
use crate::stanza::{self, attr, bytes};
use crate::world::World;

const COLLECTIONS_LIMIT: usize = 16;

pub fn answer(world: &Arc<World>, member: &Member, node: &NodeRef<'_>) -> Node {
    let Some(sync) = node.get_optional_child("sync") else {
        return stanza::error(node, 400, "bad-request");
    };
    let mut changed = Vec::new();
    let collections: Vec<Node> = {
        let mut stored = member.account.collections();
        sync.get_children_by_tag("collection")
            .take(COLLECTIONS_LIMIT)
            .map(|collection| synchronise(&mut stored, collection, &mut changed))
            .collect()
    };
    collections::announce(world, &member.account, changed);
    let sync = NodeBuilder::new("sync").children(collections).build();
    stanza::result(node, [sync])
}

/// Takes a patch if there is one, and answers with what the client has not got yet.
fn synchronise(stored: &mut Collections, asked: &NodeRef<'_>, changed: &mut Vec<(String, u64)>) -> Node {
    let name = attr(asked, "name");
    let known = attr(asked, "version").parse().unwrap_or(0);
    let answer = NodeBuilder::new("collection").attr("name", name.as_ref());
    if let Some(patch) = asked.get_optional_child("patch") {
        let patch = patch.content_bytes().map(SyncdPatch::decode_from_slice);
        let Some(Ok(patch)) = patch else {
            return failed(answer, "400", "bad-request");
        };
        return match stored.append(&name, known, patch) {
            Some(version) => {
                changed.push((name.into_owned(), version));
                answer.attr("version", version).build()
            }
            None => failed(answer, "409", "conflict"),
        };
    }
    let patches = stored.after(&name, known);
    let answer = answer.attr("version", stored.version(&name));
    if patches.is_empty() {
        return answer.build();
    }
    let patches = patches.iter().map(|patch| bytes("patch", patch.as_slice()));
    let patches = NodeBuilder::new("patches").children(patches).build();
    answer.children([patches]).build()
}

fn failed(answer: NodeBuilder, code: &'static str, text: &'static str) -> Node {
    let error = NodeBuilder::new("error").attr("code", code).attr("text", text).build();
    answer.attr("type", "error").children([error]).build()
}
