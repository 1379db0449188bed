//! Pictures, asked for and set by companions, and the about they set.

use bytes::Bytes;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, NodeRef};

use crate::login::Member;
use crate::persona::{self, Change};
use crate::stanza::{self, attr};
use crate::world::World;

/// Bytes a picture may have.
const PICTURE_LIMIT: usize = 4 << 20;

pub fn picture(world: &World, member: &Member, node: &NodeRef<'_>) -> Node {
    let asked = node.get_optional_child("picture");
    let target = node.get_attr("target").and_then(|target| target.to_jid());
    if attr(node, "type") == "set" {
        if target.is_some() {
            return stanza::error(node, 501, "feature-not-implemented");
        }
        let image = asked.and_then(NodeRef::content_bytes);
        if image.is_some_and(|image| image.len() > PICTURE_LIMIT) {
            return stanza::error(node, 406, "not-acceptable");
        }
        let image = image.map(Bytes::copy_from_slice);
        persona::change(world, &member.account, member.device.id, Change::Picture(image));
        let picture = member.account.persona().picture.clone();
        return stanza::result(node, picture.map(|picture| NodeBuilder::new("picture").attr("id", picture.id).build()));
    }
    let picture = target.and_then(|target| world.account_of(&target)).and_then(|account| account.persona().picture.clone());
    let Some(picture) = picture else {
        return stanza::error(node, 404, "item-not-found");
    };
    let kind = asked.map(|asked| attr(asked, "type").into_owned()).unwrap_or_default();
    let direct_path = picture.token.direct_path();
    let url = format!("https://{}{direct_path}", world.host);
    let picture = NodeBuilder::new("picture").attr("id", picture.id).attr("type", kind).attr("url", url).attr("direct_path", direct_path);
    stanza::result(node, [picture.build()])
}

pub fn about(world: &World, member: &Member, node: &NodeRef<'_>) -> Node {
    let text = node.get_optional_child("status").and_then(NodeRef::content_as_string);
    let Some(text) = text.filter(|_| attr(node, "type") == "set") else {
        return stanza::error(node, 400, "bad-request");
    };
    persona::change(world, &member.account, member.device.id, Change::About(text.into()));
    stanza::result(node, [])
}
