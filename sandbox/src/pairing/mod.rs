//! Linking a companion: it shows a QR code or a pairing code, the phone vouches for it, and the
//! companion countersigns.

mod applicant;
mod ceremony;
mod link_code;
mod offer;
mod qr;
mod waiting;

use std::sync::Arc;

use wacore_binary::NodeRef;

pub use applicant::Applicant;
pub use link_code::enter as enter_link_code;
pub use offer::answered;
pub use qr::{invite, scan};
pub use waiting::Pairings;

use crate::iq;
use crate::stanza::attr;
use crate::world::World;

#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("this is no QR code of a companion")]
    NotAQrCode,
    #[error("the code is unknown or has expired")]
    Expired,
    #[error("the code is wrong")]
    WrongCode,
    #[error("the companion refused to be linked")]
    Refused,
    #[error("the companion did not answer")]
    Silent,
    #[error("the phone is switched off")]
    PhoneOff,
    #[error("the account has no room for another companion")]
    Full,
}

/// How far the phone has brought it.
pub enum Linked {
    Device(u16),
    /// The companion has to confirm with a passkey first.
    PasskeyAwaited,
}

/// Answers what a companion asks that is not linked yet.
pub async fn asked(world: &Arc<World>, applicant: &Arc<Applicant>, node: &NodeRef<'_>) {
    let asked = node.children().and_then(<[_]>::first).filter(|_| attr(node, "xmlns") == "md");
    let is_answered = match asked {
        Some(asked) if asked.tag == link_code::TAG => link_code::asked(world, applicant, node, asked).await,
        Some(asked) => ceremony::asked(world, applicant, node, asked).await,
        None => false,
    };
    if !is_answered {
        applicant.link.send(iq::answer_anyone(node)).await;
    }
}
