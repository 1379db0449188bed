//! The phone vouches for a companion, and the companion countersigns: then it is linked.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, NodeRef, Server};

use super::{Applicant, LinkError, Linked, ceremony};
use crate::account::{Account, Device};
use crate::adv::Voucher;
use crate::devices;
use crate::stanza::{self, attr};
use crate::world::World;

const RESTART_DELAY: Duration = Duration::from_millis(50);
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// What the companion has yet to countersign.
pub struct Offer {
    iq: String,
    account: Arc<Account>,
    ids: (u16, u32),
    voucher: Voucher,
    outcome: oneshot::Sender<Result<u16, LinkError>>,
}

/// The phone knows who the companion is; an account with a passkey asks for that first.
pub(super) async fn vouch(
    world: &World,
    account: &Arc<Account>,
    applicant: &Arc<Applicant>,
    adv_secret: &[u8],
) -> Result<Linked, LinkError> {
    world.pairings.withdraw(applicant);
    match account.passkey() {
        Some(passkey) => {
            ceremony::open(applicant, account, passkey).await;
            Ok(Linked::PasskeyAwaited)
        }
        None => link(world, account, applicant, adv_secret).await.map(Linked::Device),
    }
}

/// Resolves with the new device's id once the companion has signed.
pub(super) async fn link(world: &World, account: &Arc<Account>, applicant: &Applicant, adv_secret: &[u8]) -> Result<u16, LinkError> {
    let (outcome, answered) = oneshot::channel();
    let ids = account.reserve_device().ok_or(LinkError::Full)?;
    let voucher = Voucher::sign(&account.identity, ids.1, &applicant.identity);
    let iq = stanza::random_id();
    let invitation = pair_success(account, ids.0, &iq, voucher.sealed(adv_secret));
    {
        let mut offer = applicant.offer();
        if offer.is_some() {
            return Err(LinkError::Expired);
        }
        *offer = Some(Offer { iq, account: account.clone(), ids, voucher, outcome });
    }
    world.pairings.withdraw(applicant);
    applicant.link.send(invitation).await;
    match tokio::time::timeout(ANSWER_TIMEOUT, answered).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) | Err(_) => Err(LinkError::Silent),
    }
}

/// The applicant answered an IQ: if it is the offer, it becomes a device or stays out.
pub async fn answered(world: &World, applicant: &Applicant, node: &NodeRef<'_>) {
    let answered = applicant.offer().take_if(|offer| offer.iq == attr(node, "id"));
    let Some(offer) = answered else {
        return;
    };
    let outcome = conclude(world, applicant, &offer, node);
    let linked = outcome.is_ok();
    let _ = offer.outcome.send(outcome);
    if linked {
        // A client that is told to restart before it has noted its own answer restarts twice.
        tokio::time::sleep(RESTART_DELAY).await;
        applicant.link.end(Some(stanza::stream_error("515")));
    }
}

/// Links the applicant if its signature holds.
fn conclude(world: &World, applicant: &Applicant, offer: &Offer, node: &NodeRef<'_>) -> Result<u16, LinkError> {
    let signed = node
        .get_optional_child("pair-device-sign")
        .and_then(|sign| sign.get_optional_child("device-identity"))
        .and_then(NodeRef::content_bytes)
        .and_then(|answer| offer.voucher.complete(&applicant.identity, answer));
    let (identity, keys) = signed.zip(applicant.take_keys()).ok_or(LinkError::Refused)?;
    devices::link(world, &offer.account, Device::new(offer.ids, applicant.noise_key, identity, keys, applicant.history));
    Ok(offer.ids.0)
}

fn pair_success(account: &Account, device: u16, iq: &str, identity: Vec<u8>) -> Node {
    let device =
        NodeBuilder::new("device").attr("jid", account.jid(Server::Pn, device)).attr("lid", account.jid(Server::Lid, device)).build();
    let success = NodeBuilder::new("pair-success")
        .children([stanza::bytes("device-identity", identity), device, NodeBuilder::new("platform").attr("name", "android").build()])
        .build();
    NodeBuilder::new("iq")
        .attr("from", stanza::SERVER)
        .attr("id", iq)
        .attr("type", "set")
        .attr("xmlns", "md")
        .attr("t", stanza::unix_secs())
        .children([success])
        .build()
}
