//! What reaches a phone: messages to open, receipts for its own, requests to send again.

use std::sync::Arc;

use wacore::messages::MessageUtils;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, NodeRef, Server};
use waproto::whatsapp::Message;

use super::label::Label;
use super::log::{Body, Record, Side, Status};
use super::send::device_sent;
use super::signal::Kind;
use super::{Phone, address};
use crate::account::Account;
use crate::iq;
use crate::receipts::ids;
use crate::stanza::{attr, bytes, unix_secs};
use crate::world::World;

const ENC_VERSION: u8 = 2;
/// A message is sent again this often at most.
const RETRY_LIMIT: u64 = 5;

/// Which device a stanza comes from, and by way of which group.
struct Origin {
    account: Arc<Account>,
    jid: Jid,
    group: Option<Jid>,
}

impl Origin {
    fn of(world: &World, node: &NodeRef<'_>) -> Option<Self> {
        let from = node.get_attr("from")?.to_jid()?;
        let (jid, group) = match from.server {
            Server::Group => (node.get_attr("participant")?.to_jid()?, Some(from)),
            _ => (from, None),
        };
        Some(Self { account: world.account_of(&jid)?, jid, group })
    }

    /// Addressed back to where the stanza comes from.
    fn reply(&self, tag: &'static str) -> NodeBuilder {
        let reply = NodeBuilder::new(tag);
        match &self.group {
            Some(group) => reply.attr("to", group).attr("participant", &self.jid),
            None => reply.attr("to", &self.jid),
        }
    }
}

impl Phone {
    /// Takes a stanza in and returns what the phone has to say to it.
    pub(super) fn receive(&mut self, world: &World, own: &Account, stanza: &Node) -> Vec<Node> {
        let node = &stanza.as_node_ref();
        let Some(origin) = Origin::of(world, node) else {
            return Vec::new();
        };
        match node.tag.as_ref() {
            "message" => self.receive_message(world, own, &origin, node),
            "receipt" if attr(node, "type") == "retry" => self.send_again(own, &origin, node).into_iter().collect(),
            "receipt" => {
                self.receive_receipt(world, own, &origin, node);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn receive_message(&mut self, world: &World, own: &Account, origin: &Origin, node: &NodeRef<'_>) -> Vec<Node> {
        // The content comes last, after the key for it.
        let mut opened = None;
        for enc in node.get_children_by_tag("enc") {
            opened = self.open(own, origin, enc);
        }
        let Some(plaintext) = opened else {
            return self.ask_again(own, origin, node);
        };
        let Some(message) = decode(&plaintext) else {
            return Vec::new();
        };
        if origin.account.is(own) {
            return self.receive_own(world, own, origin, node, message);
        }
        let body = Body::new(&message);
        let record = Record {
            id: attr(node, "id").into_owned(),
            from: origin.account.number.clone(),
            to: own.number.clone(),
            group: origin.group.clone(),
            timestamp: timestamp(node),
            side: Side::Incoming { server: origin.jid.server, read: !body.shown },
            body,
        };
        self.note(world, own, record, &message);
        vec![origin.reply("receipt").attr("id", attr(node, "id").into_owned()).build()]
    }

    /// Decrypts one part of a message; takes the sender key it may hold.
    fn open(&mut self, own: &Account, origin: &Origin, enc: &NodeRef<'_>) -> Option<Vec<u8>> {
        let peer = address(&origin.account, origin.jid.device);
        let group = origin.group.as_ref().map(Jid::to_string);
        let sealed = enc.content_bytes()?;
        let kind = attr(enc, "type");
        if kind == "skmsg" {
            return self.group_keys.decrypt(&group?, &peer, sealed).ok();
        }
        let (plaintext, replacement) = self.signal.decrypt(&peer, Kind::parse(&kind)?, sealed).ok()?;
        if let Some(key) = replacement {
            own.keys().one_time.push_back(key);
        }
        if let Some(group) = group
            && let Some(mut message) = decode(&plaintext)
            && let Some(shared) = message.sender_key_distribution_message.take()
            && let Some(key) = shared.axolotl_sender_key_distribution_message
            && self.group_keys.accept(&group, &peer, &key).is_err()
        {
            tracing::debug!("A phone was given a sender key that is none");
        }
        Some(plaintext)
    }

    /// From an own companion: what the person sent with it, or a request between programs.
    fn receive_own(&mut self, world: &World, own: &Account, origin: &Origin, node: &NodeRef<'_>, mut message: Message) -> Vec<Node> {
        if let Some(request) = message.protocol_message.as_option()
            && request.app_state_sync_key_request.is_set()
        {
            let share = self.share_app_state_key(own, origin.jid.device);
            return share.into_iter().collect();
        }
        let (to, sent) = match message.device_sent_message.take() {
            Some(mut copy) if copy.message.is_set() => {
                let to = copy.destination_jid.as_deref().and_then(|to| to.parse::<Jid>().ok()).and_then(|to| world.account_of(&to));
                let mut sent = copy.message.take().unwrap_or_default();
                if sent.message_context_info.is_unset() {
                    sent.message_context_info = message.message_context_info;
                }
                (to.map(|to| to.number.clone()), sent)
            }
            Some(_) => return Vec::new(),
            None => (origin.group.as_ref().map(|_| own.number.clone()), message),
        };
        if let Some(to) = to {
            let record = Record {
                id: attr(node, "id").into_owned(),
                from: own.number.clone(),
                to,
                group: origin.group.clone(),
                timestamp: timestamp(node),
                side: Side::Outgoing { status: Status::Sent },
                body: Body::new(&sent),
            };
            self.note(world, own, record, &sent);
        }
        Vec::new()
    }

    fn receive_receipt(&mut self, world: &World, own: &Account, origin: &Origin, node: &NodeRef<'_>) {
        let kind = attr(node, "type");
        if origin.account.is(own) {
            // An own companion read what the person named as recipient wrote.
            let chat = node.get_attr("recipient").and_then(|recipient| recipient.to_jid()).and_then(|chat| world.account_of(&chat));
            if let (Some(chat), "read" | "read-self") = (chat, kind.as_ref()) {
                for id in ids(node) {
                    self.log.mark_read(&chat.number, &id);
                }
            }
            return;
        }
        let status = match kind.as_ref() {
            "" => Status::Delivered,
            "read" | "played" => Status::Read,
            _ => return,
        };
        for id in ids(node) {
            self.log.advance(&own.number, &id, status);
        }
    }

    /// Could not be opened: asks the sender for another try, with keys for a new session.
    fn ask_again(&mut self, own: &Account, origin: &Origin, node: &NodeRef<'_>) -> Vec<Node> {
        let tries = node.get_optional_child("enc").and_then(|enc| attr(enc, "count").parse().ok()).unwrap_or(0u64);
        if tries >= RETRY_LIMIT {
            return Vec::new();
        }
        tracing::debug!(tries, "A phone could not open a message");
        let id = attr(node, "id").into_owned();
        let retry = NodeBuilder::new("retry")
            .attr("v", "1")
            .attr("id", id.as_str())
            .attr("t", attr(node, "t").into_owned())
            .attr("count", tries + 1)
            .build();
        let registration = bytes("registration", self.signal.registration_id().to_be_bytes());
        let keys = iq::retry_keys(&own.keys(), self.signal.private_offer());
        let mut receipt = origin.reply("receipt").attr("id", id).attr("type", "retry");
        if let Some(recipient) = node.get_attr("recipient").and_then(|jid| jid.to_jid()) {
            receipt = receipt.attr("recipient", recipient);
        }
        vec![receipt.children([retry, registration, keys]).build()]
    }

    /// A device could not open what the phone sent: seals it once more in a fresh session.
    fn send_again(&mut self, own: &Account, origin: &Origin, node: &NodeRef<'_>) -> Option<Node> {
        let count: u64 = attr(node.get_optional_child("retry")?, "count").parse().ok()?;
        let id = attr(node, "id").into_owned();
        if count >= RETRY_LIMIT {
            return None;
        }
        let mut message = self.log.get_mut(&own.number, &id)?.body.message()?;
        let label = Label::of(&message);
        let peer = address(&origin.account, origin.jid.device);
        let recipient = node.get_attr("recipient").and_then(|jid| jid.to_jid());
        match &origin.group {
            Some(group) => message = self.with_own_key(own, &group.to_string(), message)?,
            None if origin.account.is(own) => message = device_sent(recipient.as_ref()?, &message),
            None => {}
        }
        self.signal.forget(&peer);
        let enc = self.seal(&origin.account, origin.jid.device, &MessageUtils::encode_and_pad(&message))?;
        let mut again = label.stanza(origin.reply("message").attr("id", id));
        if let Some(recipient) = recipient {
            again = again.attr("recipient", recipient);
        }
        Some(again.children([label.enc(enc).attr("count", count).build()]).build())
    }
}

fn decode(plaintext: &[u8]) -> Option<Message> {
    let message = MessageUtils::unpad_message_ref(plaintext, ENC_VERSION).ok()?;
    waproto::codec::message_decode(message).ok()
}

fn timestamp(node: &NodeRef<'_>) -> u64 {
    attr(node, "t").parse().unwrap_or_else(|_| unix_secs())
}
