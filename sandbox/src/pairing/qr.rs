//! QR codes: the references they carry, and the phone's scan.

use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use wacore::pair::PairUtils;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::{Applicant, LinkError, Linked, offer};
use crate::account::Account;
use crate::stanza;
use crate::world::World;

/// The first stanza on a registration connection: references for six QR codes.
pub fn invite(world: &World, applicant: &Arc<Applicant>) -> Node {
    let refs = world.pairings.show(applicant);
    let refs = refs.into_iter().map(|r| stanza::bytes("ref", r));
    NodeBuilder::new("iq")
        .attr("from", stanza::SERVER)
        .attr("id", stanza::random_id())
        .attr("type", "set")
        .attr("xmlns", "md")
        .children([NodeBuilder::new("pair-device").children(refs).build()])
        .build()
}

/// The phone scans a code; resolves once the companion has signed, or is asked for a passkey.
pub async fn scan(world: &World, account: &Arc<Account>, qr: &str) -> Result<Linked, LinkError> {
    let (reference, noise_key, identity) = PairUtils::parse_qr_code(qr).map_err(|_| LinkError::NotAQrCode)?;
    let adv_secret = qr.split(',').nth(3).and_then(|secret| BASE64_STANDARD.decode(secret).ok()).ok_or(LinkError::NotAQrCode)?;
    let applicant = world
        .pairings
        .find(&reference, Instant::now())
        .filter(|a| a.noise_key == noise_key && a.identity == identity)
        .ok_or(LinkError::Expired)?;
    if !account.phone().is_on() {
        return Err(LinkError::PhoneOff);
    }
    offer::vouch(world, account, &applicant, &adv_secret).await
}
