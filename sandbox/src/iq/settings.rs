//! Server-side settings of an account, all at their defaults.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, NodeRef};

use crate::stanza::{self, attr};

const PRIVACY: [(&str, &str); 5] = [("readreceipts", "all"), ("profile", "all"), ("status", "all"), ("last", "all"), ("groupadd", "all")];

pub fn answer(node: &NodeRef<'_>) -> Node {
    if attr(node, "type") == "set" {
        return stanza::result(node, []);
    }
    let settings = match attr(node, "xmlns").as_ref() {
        "abt" => NodeBuilder::new("props").attr("protocol", "1").build(),
        _ => NodeBuilder::new("privacy")
            .children(PRIVACY.map(|(name, value)| NodeBuilder::new("category").attr("name", name).attr("value", value).build()))
            .build(),
    };
    stanza::result(node, [settings])
}
