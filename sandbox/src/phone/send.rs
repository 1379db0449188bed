//! What a phone sends: messages sealed for every device concerned, receipts, keys.

use std::collections::BTreeMap;

use buffa::MessageField;
use wacore::messages::MessageUtils;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};
use waproto::whatsapp::Message;
use waproto::whatsapp::message::{
    AppStateSyncKey, AppStateSyncKeyData, AppStateSyncKeyFingerprint, AppStateSyncKeyId, AppStateSyncKeyShare, DeviceSentMessage,
    ProtocolMessage, protocol_message,
};

use super::label::Label;
use super::log::{Body, Record, Side, Status};
use super::signal::Kind;
use super::{Phone, address};
use crate::account::{Account, Device};
use crate::groups::Group;
use crate::stanza::{random_id, unix_secs};
use crate::world::World;

/// Ids one receipt carries at most.
const RECEIPT_IDS: usize = 256;

impl Phone {
    /// Seals a message for the recipient's devices and the own companions, and notes it as sent.
    pub(super) fn compose(
        &mut self,
        world: &World,
        own: &Account,
        recipient: &Account,
        server: Server,
        message: &Message,
    ) -> (String, NodeBuilder) {
        let label = Label::of(message);
        let id = format!("3A{}", random_id());
        let to = recipient.jid(server, 0);
        let mut participants = Vec::new();
        if !recipient.is(own) {
            let plaintext = MessageUtils::encode_and_pad(message);
            for device in recipient.all_devices() {
                let enc = self.seal(recipient, device, &plaintext);
                participants.extend(enc.map(|enc| participant(recipient.jid(server, device), label.enc(enc))));
            }
        }
        let copy = MessageUtils::encode_and_pad(&device_sent(&to, message));
        for device in own.devices() {
            let enc = self.seal(own, device.id, &copy);
            participants.extend(enc.map(|enc| participant(own.jid(server, device.id), label.enc(enc))));
        }
        let record = Record {
            id: id.clone(),
            from: own.number.clone(),
            to: recipient.number.clone(),
            group: None,
            timestamp: unix_secs(),
            side: Side::Outgoing { status: Status::Sent },
            body: Body::new(message),
        };
        self.note(world, own, record, message);
        let participants = NodeBuilder::new("participants").children(participants).build();
        let stanza = label.stanza(NodeBuilder::new("message").attr("to", to).attr("id", id.as_str()));
        (id, stanza.children([participants]))
    }

    /// Reads everything a person wrote; one receipt for each kind of addressing.
    pub(super) fn open_chat(&mut self, other: &Account) -> Vec<Node> {
        let unread = self.log.read_chat(&other.number);
        let mut receipts = Vec::new();
        for server in [Server::Pn, Server::Lid] {
            let ids: Vec<&str> = unread.iter().filter(|(by, _)| *by == server).map(|(_, id)| id.as_str()).collect();
            let to = other.jid(server, 0);
            receipts.extend(ids.chunks(RECEIPT_IDS).map(|ids| read_receipt(&to, None, ids)));
        }
        receipts
    }

    /// Reads everything in a group; receipts for each of those who wrote.
    pub(super) fn open_group(&mut self, world: &World, group: &Group) -> Vec<Node> {
        let mut by_author: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (author, id) in self.log.read_group(&group.jid) {
            by_author.entry(author).or_default().push(id);
        }
        let mut receipts = Vec::new();
        for (author, ids) in by_author {
            let Some(author) = world.account(&author) else {
                continue;
            };
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let author = group.address(&author, 0);
            receipts.extend(ids.chunks(RECEIPT_IDS).map(|ids| read_receipt(&group.jid, Some(&author), ids)));
        }
        receipts
    }

    /// Shares the app-state key and the past with a companion that has not got them yet.
    pub(super) fn greet(&mut self, world: &World, own: &Account, device: &Device) -> Vec<Node> {
        if !self.greeted.insert(device.id) {
            return Vec::new();
        }
        let mut said: Vec<Node> = self.share_app_state_key(own, device.id).into_iter().collect();
        said.extend(self.share_history(world, own, device));
        said
    }

    pub(super) fn share_app_state_key(&mut self, own: &Account, device: u16) -> Option<Node> {
        let key = AppStateSyncKey {
            key_id: MessageField::some(AppStateSyncKeyId { key_id: Some(self.app_state.key.id.to_vec()) }),
            key_data: MessageField::some(AppStateSyncKeyData {
                key_data: Some(self.app_state.key.data.to_vec()),
                fingerprint: MessageField::some(AppStateSyncKeyFingerprint {
                    raw_id: Some(1),
                    current_index: Some(0),
                    device_indexes: vec![0],
                }),
                timestamp: Some(unix_secs() as i64 * 1000),
            }),
        };
        let message = ProtocolMessage {
            r#type: Some(protocol_message::Type::APP_STATE_SYNC_KEY_SHARE),
            app_state_sync_key_share: MessageField::some(AppStateSyncKeyShare { keys: vec![key] }),
            ..Default::default()
        };
        self.request(own, device, message)
    }

    /// A message between programs, for an own companion.
    pub(super) fn request(&mut self, own: &Account, device: u16, message: ProtocolMessage) -> Option<Node> {
        let message = Message { protocol_message: MessageField::some(message), ..Default::default() };
        let enc = self.seal(own, device, &MessageUtils::encode_and_pad(&message))?;
        let stanza = NodeBuilder::new("message")
            .attr("to", own.jid(Server::Pn, device))
            .attr("id", random_id())
            .attr("type", "text")
            .attr("category", "peer")
            .children([enc.build()])
            .build();
        Some(stanza)
    }

    /// Encrypts for one device, opening a session first if there is none. `None` if the device is
    /// gone or its keys are no good.
    pub(super) fn seal(&mut self, account: &Account, device: u16, plaintext: &[u8]) -> Option<NodeBuilder> {
        let peer = address(account, device);
        if !self.signal.has_session(&peer) {
            let (keys, _) = account.hand_out(device)?;
            let bundle = keys.into_bundle(device)?;
            self.signal.establish(&peer, &bundle).ok()?;
        }
        let (kind, ciphertext) = self.signal.encrypt(&peer, plaintext).ok()?;
        Some(enc(kind).bytes(ciphertext))
    }
}

pub(super) fn device_sent(to: &Jid, message: &Message) -> Message {
    Message {
        device_sent_message: MessageField::some(DeviceSentMessage {
            destination_jid: Some(to.to_string()),
            message: MessageField::some(message.clone()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn enc(kind: Kind) -> NodeBuilder {
    NodeBuilder::new("enc").attr("v", "2").attr("type", kind.wire())
}

pub(super) fn participant(jid: Jid, enc: NodeBuilder) -> Node {
    NodeBuilder::new("to").attr("jid", jid).children([enc.build()]).build()
}

fn read_receipt(to: &Jid, author: Option<&Jid>, ids: &[&str]) -> Node {
    let mut receipt = NodeBuilder::new("receipt").attr("to", to).attr("type", "read").attr("id", ids[0]).attr("t", unix_secs());
    if let Some(author) = author {
        receipt = receipt.attr("participant", author);
    }
    if ids.len() == 1 {
        return receipt.build();
    }
    let items = ids[1..].iter().map(|&id| NodeBuilder::new("item").attr("id", id).build());
    receipt.children([NodeBuilder::new("list").children(items).build()]).build()
}
