//! A companion found a file gone: the phone, if it has it still, puts it on the media server again.

use buffa::Message as _;
use wacore::crypto::hkdf_sha256_into;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, NodeRef, Server};
use wacore_libsignal::crypto::aes_256_gcm_encrypt;
use waproto::whatsapp::MediaRetryNotification;
use waproto::whatsapp::media_retry_notification::ResultType;

use crate::login::Member;
use crate::mailbox::Class;
use crate::stanza::{attr, unix_secs};
use crate::world::World;

/// What keys are derived for.
const PURPOSE: &[u8] = b"WhatsApp Media Retry Notification";
/// The phone has no such file.
const NOT_FOUND: u8 = 2;

/// Answers a companion's request, unless the phone is off: then nobody does.
pub fn ask(world: &World, member: &Member, node: &NodeRef<'_>) {
    let account = &member.account;
    let Ok(phone) = account.switched_on() else {
        return;
    };
    let id = attr(node, "id");
    let attachment = phone.record(&id).filter(|record| !record.body.deleted).and_then(|record| record.body.attachment.clone());
    drop(phone);
    let answer = attachment.filter(|_| !world.faults.phones_lost_files()).and_then(|attachment| {
        let direct_path = attachment.put_again(&world.files)?;
        sealed(&id, direct_path, attachment.media_key())
    });
    let answer = answer.unwrap_or_else(|| NodeBuilder::new("error").attr("code", NOT_FOUND).build());
    let from = account.jid(Server::Pn, 0);
    let about = node.get_optional_child("rmr").map(NodeRef::to_owned);
    let notification = NodeBuilder::new("notification")
        .attr("from", &from)
        .attr("id", id.as_ref())
        .attr("type", "mediaretry")
        .attr("t", unix_secs())
        .children(about.into_iter().chain([answer]))
        .build();
    member.device.mailbox.push(Class::Notification, &id, from, notification);
}

/// Where the file lies now, for the eyes of whoever knows its key.
fn sealed(id: &str, direct_path: String, media_key: &[u8]) -> Option<Node> {
    let notification = MediaRetryNotification {
        stanza_id: Some(id.to_owned()),
        direct_path: Some(direct_path),
        result: Some(ResultType::SUCCESS),
        ..Default::default()
    };
    let (mut key, iv, mut sealed) = ([0; 32], rand::random::<[u8; 12]>(), Vec::new());
    hkdf_sha256_into(media_key, None, PURPOSE, &mut key).ok()?;
    aes_256_gcm_encrypt(&key, &iv, id.as_bytes(), &notification.encode_to_vec(), &mut sealed).ok()?;
    let parts = [NodeBuilder::new("enc_p").bytes(sealed).build(), NodeBuilder::new("enc_iv").bytes(iv.to_vec()).build()];
    Some(NodeBuilder::new("encrypt").children(parts).build())
}
