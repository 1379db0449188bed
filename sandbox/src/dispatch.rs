//! Which part of the server a stanza is for.

use std::sync::Arc;

use wacore_binary::NodeRef;

use crate::link::Link;
use crate::login::Member;
use crate::pairing::{self, Applicant};
use crate::stanza::attr;
use crate::world::World;
use crate::{faults, iq, messages, receipts, stanza, typing};

/// The error of an ack to a stanza the server has no use for.
const UNRECOGNIZED: &str = "488";

/// Who is on the other end of a connection.
pub enum Peer {
    Applicant(Arc<Applicant>),
    Member(Member),
}

/// Handles one stanza; its answers are on their way when this returns.
pub async fn handle(world: &Arc<World>, link: &Arc<Link>, peer: &Peer, node: &NodeRef<'_>) {
    let tag = node.tag.as_ref();
    match peer {
        Peer::Applicant(applicant) => match tag {
            "iq" if answers(node) => pairing::answered(world, applicant, node).await,
            "iq" => pairing::asked(world, applicant, node).await,
            _ => {}
        },
        Peer::Member(member) => match tag {
            "iq" if answers(node) => {}
            "iq" => {
                let delay = world.faults.query_delay().filter(|_| iq::may_wait(node));
                let fails = iq::asks_about_others(node) && world.faults.fails_query();
                let answer = match fails {
                    true => stanza::error(node, 503, "service-unavailable"),
                    false => iq::answer(world, member, node),
                };
                faults::answer(world, link, delay, answer).await;
            }
            "message" => messages::from_companion(world, link, member, node).await,
            "receipt" => receipts::from_companion(world, link, member, node).await,
            "ack" => receipts::acknowledged(member, node),
            "chatstate" => typing::from_companion(world, member, node),
            "presence" | "ib" => {}
            _ if attr(node, "id").is_empty() => {}
            _ => link.send(messages::ack(node, &[("error", UNRECOGNIZED.into())])).await,
        },
    }
}

/// Whether an IQ is the answer to one of ours.
fn answers(node: &NodeRef<'_>) -> bool {
    matches!(attr(node, "type").as_ref(), "result" | "error")
}
