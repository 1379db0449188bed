//! The stanzas every part of the server answers with.

use std::time::{SystemTime, UNIX_EPOCH};

use rand::RngExt as _;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, NodeRef};

pub const SERVER: &str = wacore_binary::SERVER_JID;

/// An attribute as text, empty if absent.
pub fn attr<'a>(node: &'a NodeRef<'_>, name: &str) -> std::borrow::Cow<'a, str> {
    node.get_attr(name).map(|value| value.as_str()).unwrap_or_default()
}

pub fn unix_secs() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

/// The id of a stanza that nobody asked for.
pub fn random_id() -> String {
    hex::encode_upper(rand::rng().random::<[u8; 10]>())
}

pub fn result(request: &NodeRef<'_>, children: impl IntoIterator<Item = Node>) -> Node {
    let mut children = children.into_iter().peekable();
    let result = NodeBuilder::new("iq").attr("from", SERVER).attr("id", attr(request, "id").into_owned()).attr("type", "result");
    match children.peek() {
        Some(_) => result.children(children).build(),
        None => result.build(),
    }
}

pub fn error(request: &NodeRef<'_>, code: u16, text: &'static str) -> Node {
    NodeBuilder::new("iq")
        .attr("from", SERVER)
        .attr("id", attr(request, "id").into_owned())
        .attr("type", "error")
        .children([NodeBuilder::new("error").attr("code", code).attr("text", text).build()])
        .build()
}

/// The last stanza of a connection whose device is taken over or removed.
pub fn conflict(code: Option<&'static str>, kind: &'static str) -> Node {
    let mut error = NodeBuilder::new("stream:error");
    if let Some(code) = code {
        error = error.attr("code", code);
    }
    error.children([NodeBuilder::new("conflict").attr("type", kind).build()]).build()
}

pub fn stream_error(code: &'static str) -> Node {
    NodeBuilder::new("stream:error").attr("code", code).build()
}

pub fn not_well_formed() -> Node {
    NodeBuilder::new("stream:error").children([NodeBuilder::new("xml-not-well-formed").build()]).build()
}

pub fn bytes(tag: &'static str, content: impl Into<Vec<u8>>) -> Node {
    NodeBuilder::new(tag).bytes(content).build()
}
