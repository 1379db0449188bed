//! The queue between the API and the hosts.

use std::time::Duration;

use async_trait::async_trait;

use super::PortError;
use crate::model::Envelope;

/// Takes commands for devices.
#[async_trait]
pub trait CommandSink: Send + Sync {
    /// Keeps the command until it is acknowledged. Commands of one group ([`Envelope::group`]) that are due keep the order of their calls.
    /// Repeating one that is still queued, with the same id and time of acceptance, is a no-op, for five minutes at least; what is done twice
    /// under one id does no harm.
    async fn enqueue(&self, envelope: &Envelope) -> Result<(), PortError>;
}

/// A command in a host's hands.
#[derive(Clone, Debug)]
pub struct Received {
    /// The command.
    pub envelope: Envelope,
    /// How often it has been handed out, this time included.
    pub attempts: u32,
    /// What to acknowledge it by; good for this handing-out alone.
    pub receipt: String,
}

/// Gives commands to a host.
#[async_trait]
pub trait CommandSource: Send + Sync {
    /// Waits until commands are due and hands out at most `max` of them: per group in order, and none of a group that has some handed out and not yet
    /// acknowledged or returned. What is handed out and lost with its host is handed out again. May answer with none.
    async fn receive(&self, max: usize) -> Result<Vec<Received>, PortError>;

    /// The commands' outcomes are stored: they are done. Unknown and spent receipts are fine.
    async fn acknowledge(&self, receipts: &[String]) -> Result<(), PortError>;

    /// Gives a command back, to be handed out again after `delay`; its group's later commands wait behind it.
    async fn retry(&self, receipt: &str, delay: Duration) -> Result<(), PortError>;

    /// Puts a command aside for good, kept for people to look at, so that its group's later commands go on.
    async fn bury(&self, receipt: &str, reason: &str) -> Result<(), PortError>;
}
