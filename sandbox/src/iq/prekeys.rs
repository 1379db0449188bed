//! The key server: devices publish keys here, senders fetch them.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, NodeRef};

use crate::keys::{KeyBundle, PublicPreKey, SignedPreKey};
use crate::login::Member;
use crate::stanza::{self, attr, bytes};
use crate::world::World;

/// More than any client uploads over its life.
const ONE_TIME_LIMIT: usize = 4096;
const FETCH_LIMIT: usize = 2048;

pub fn answer(world: &World, member: &Member, node: &NodeRef<'_>) -> Node {
    let child = node.children().and_then(<[_]>::first);
    let set = attr(node, "type") == "set";
    match child.map(|child| (child.tag.as_ref(), child)) {
        Some(("count", _)) => {
            let count = member.device.keys().one_time.len() as u64;
            let count = NodeBuilder::new("count").attr("value", count).build();
            stanza::result(node, [count])
        }
        Some(("digest", _)) => stanza::result(node, [digest(&member.device.keys())]),
        Some(("key", users)) if !set => fetch(world, node, users),
        Some(("rotate", rotate)) if set => match rotate.get_optional_child("skey").and_then(signed_key) {
            Some(signed) => {
                member.device.keys().signed = signed;
                stanza::result(node, [])
            }
            None => stanza::error(node, 406, "not-acceptable"),
        },
        Some(_) if set => upload(world, member, node),
        _ => stanza::error(node, 400, "bad-request"),
    }
}

fn upload(world: &World, member: &Member, node: &NodeRef<'_>) -> Node {
    let Some(upload) = parse_upload(node) else {
        return stanza::error(node, 406, "not-acceptable");
    };
    {
        let mut keys = member.device.keys();
        if keys.identity != upload.identity {
            return stanza::error(node, 406, "not-acceptable");
        }
        keys.registration_id = upload.registration_id;
        keys.signed = upload.signed;
        let room = ONE_TIME_LIMIT.saturating_sub(keys.one_time.len());
        keys.one_time.extend(upload.one_time.into_iter().take(room));
    }
    crate::phone::greet(world, &member.account, &member.device);
    stanza::result(node, [])
}

fn parse_upload(node: &NodeRef<'_>) -> Option<KeyBundle> {
    let list = node.get_optional_child("list")?;
    let one_time = list.get_children_by_tag("key").map(public_key).collect::<Option<_>>()?;
    Some(KeyBundle {
        registration_id: u32::from_be_bytes(content(node, "registration")?),
        identity: content(node, "identity")?,
        signed: signed_key(node.get_optional_child("skey")?)?,
        one_time,
    })
}

fn public_key(node: &NodeRef<'_>) -> Option<PublicPreKey> {
    let id: [u8; 3] = content(node, "id")?;
    Some((u32::from_be_bytes([0, id[0], id[1], id[2]]), content(node, "value")?))
}

fn signed_key(node: &NodeRef<'_>) -> Option<SignedPreKey> {
    let (id, public) = public_key(node)?;
    Some(SignedPreKey { id, public, signature: content(node, "signature")? })
}

fn content<const N: usize>(node: &NodeRef<'_>, child: &str) -> Option<[u8; N]> {
    node.get_optional_child(child)?.content_bytes()?.try_into().ok()
}

fn digest(keys: &KeyBundle) -> Node {
    let ids = keys.one_time.iter().map(|(id, _)| bytes("id", key_id(*id)));
    NodeBuilder::new("digest")
        .children([
            bytes("registration", keys.registration_id.to_be_bytes()),
            bytes("type", [5]),
            bytes("identity", keys.identity),
            signed_node(&keys.signed),
            NodeBuilder::new("list").children(ids).build(),
            bytes("hash", keys.digest()),
        ])
        .build()
}

fn fetch(world: &World, node: &NodeRef<'_>, users: &NodeRef<'_>) -> Node {
    let users = users
        .get_children_by_tag("user")
        .take(FETCH_LIMIT)
        .filter_map(|user| user.get_attr("jid")?.to_jid())
        .map(|jid| user_keys(world, jid));
    stanza::result(node, [NodeBuilder::new("list").children(users).build()])
}

fn user_keys(world: &World, jid: Jid) -> Node {
    let user = NodeBuilder::new("user").attr("jid", &jid);
    let handed_out = world.account_of(&jid).and_then(|account| account.hand_out(jid.device));
    let Some((keys, identity)) = handed_out else {
        let error = NodeBuilder::new("error").attr("code", "404").attr("text", "item-not-found").build();
        return user.children([error]).build();
    };
    let mut children = vec![
        bytes("registration", keys.registration_id.to_be_bytes()),
        bytes("type", [5]),
        bytes("identity", keys.identity),
        signed_node(&keys.signed),
    ];
    if let Some((id, key)) = keys.one_time {
        children.push(key_node("key", id, key).build());
    }
    if let Some(identity) = identity {
        children.push(bytes("device-identity", identity));
    }
    user.attr("t", stanza::unix_secs()).children(children).build()
}

/// Keys for one sender that could not be understood, to start over with.
pub fn retry_keys(keys: &KeyBundle, (id, key): PublicPreKey) -> Node {
    NodeBuilder::new("keys")
        .children([bytes("type", [5]), bytes("identity", keys.identity), key_node("key", id, key).build(), signed_node(&keys.signed)])
        .build()
}

fn signed_node(signed: &SignedPreKey) -> Node {
    let mut node = key_node("skey", signed.id, signed.public).build();
    if let Some(wacore_binary::node::NodeContent::Nodes(children)) = &mut node.content {
        children.push(bytes("signature", signed.signature));
    }
    node
}

fn key_node(tag: &'static str, id: u32, public: [u8; 32]) -> NodeBuilder {
    NodeBuilder::new(tag).children([bytes("id", key_id(id)), bytes("value", public)])
}

fn key_id(id: u32) -> [u8; 3] {
    let [_, high, middle, low] = id.to_be_bytes();
    [high, middle, low]
}
