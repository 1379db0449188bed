//! App-state collections: there is nothing in them.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, NodeRef};

use crate::stanza::{self, attr};

pub fn answer(node: &NodeRef<'_>) -> Node {
    let Some(sync) = node.get_optional_child("sync") else {
        return stanza::error(node, 400, "bad-request");
    };
    let collections = sync.get_children_by_tag("collection").map(|collection| {
        NodeBuilder::new("collection")
            .attr("name", attr(collection, "name").into_owned())
            .attr("version", attr(collection, "version").into_owned())
            .build()
    });
    stanza::result(node, [NodeBuilder::new("sync").children(collections).build()])
}
