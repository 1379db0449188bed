//! What a phone writes to a group: sealed once for all, with its sender key for those who have not
//! got it yet.

use buffa::MessageField;
use wacore::messages::MessageUtils;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;
use wacore_libsignal::protocol::ProtocolAddress;
use waproto::whatsapp::Message;
use waproto::whatsapp::message::SenderKeyDistributionMessage;

use super::label::Label;
use super::log::{Body, Record, Side, Status};
use super::send::participant;
use super::{Phone, address};
use crate::account::Account;
use crate::groups::{Group, Member};
use crate::stanza::{random_id, unix_secs};
use crate::world::World;

impl Phone {
    /// Seals a message for the group and notes it as sent. `None` if its keys are no good.
    pub(super) fn compose_for_group(
        &mut self,
        world: &World,
        own: &Account,
        group: &Group,
        message: &Message,
    ) -> Option<(String, NodeBuilder)> {
        let label = Label::of(message);
        let id = format!("3A{}", random_id());
        let members = group.members().clone();
        let participants = self.share_key(own, group, &members)?;
        let plaintext = MessageUtils::encode_and_pad(message);
        let sealed = self.group_keys.encrypt(&group.jid.to_string(), &address(own, 0), &plaintext).ok()?;
        let sealed = label.enc(NodeBuilder::new("enc").attr("v", "2").attr("type", "skmsg")).bytes(sealed).build();
        let record = Record {
            id: id.clone(),
            from: own.number.clone(),
            to: own.number.clone(),
            group: Some(group.jid.clone()),
            timestamp: unix_secs(),
            side: Side::Outgoing { status: Status::Sent },
            body: Body::new(message),
        };
        self.note(world, own, record, message);
        let stanza = label
            .stanza(NodeBuilder::new("message").attr("to", &group.jid).attr("id", id.as_str()))
            .attr("addressing_mode", group.addressing.wire())
            .children([NodeBuilder::new("participants").children(participants).build(), sealed]);
        Some((id, stanza))
    }

    /// The message once more for one device, which cannot have the key: sealed for it alone, with
    /// the key.
    pub(super) fn with_own_key(&mut self, own: &Account, group: &str, message: Message) -> Option<Message> {
        Some(Message { sender_key_distribution_message: self.distribution(own, group)?, ..message })
    }

    /// Seals the own key for every device that lacks it; a new one if someone has left.
    fn share_key(&mut self, own: &Account, group: &Group, members: &[Member]) -> Option<Vec<Node>> {
        let id = group.jid.to_string();
        let is_member = |device: &ProtocolAddress| members.iter().any(|member| member.account.number == device.name());
        self.group_keys.rotate_unless(&id, &address(own, 0), is_member);
        let distribution = self.distribution(own, &id)?;
        let plaintext = MessageUtils::encode_and_pad(&Message { sender_key_distribution_message: distribution, ..Default::default() });
        let mut participants = Vec::new();
        for account in members.iter().map(|member| &*member.account) {
            let devices = account.all_devices().into_iter().filter(|device| !(account.is(own) && *device == 0));
            for device in devices {
                let peer = address(account, device);
                if self.group_keys.is_shared(&id, &peer) {
                    continue;
                }
                if let Some(enc) = self.seal(account, device, &plaintext) {
                    participants.push(participant(group.address(account, device), enc));
                    self.group_keys.note_shared(&id, peer);
                }
            }
        }
        Some(participants)
    }

    fn distribution(&mut self, own: &Account, group: &str) -> Option<MessageField<SenderKeyDistributionMessage>> {
        let key = self.group_keys.distribution(group, &address(own, 0)).ok()?;
        Some(MessageField::some(SenderKeyDistributionMessage {
            group_id: Some(group.to_owned()),
            axolotl_sender_key_distribution_message: Some(key),
        }))
    }
}
