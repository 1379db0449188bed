//! Where files are uploaded and downloaded: here.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, NodeRef};

use crate::stanza;
use crate::world::World;

const TTL_SECS: u64 = 3600;

pub fn answer(world: &World, node: &NodeRef<'_>) -> Node {
    if node.get_optional_child("media_conn").is_none() {
        return super::answer_anyone(node);
    }
    let host = NodeBuilder::new("host").attr("hostname", world.host.to_string()).attr("type", "primary").build();
    let connection = NodeBuilder::new("media_conn")
        .attr("auth", world.media_auth.as_str())
        .attr("ttl", TTL_SECS)
        .attr("auth_ttl", TTL_SECS)
        .attr("max_buckets", "12")
        .children([host])
        .build();
    stanza::result(node, [connection])
}
