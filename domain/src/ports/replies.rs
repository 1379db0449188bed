//! Short-lived answers of a host to whoever waits for a command's outcome.

use std::time::Duration;

use async_trait::async_trait;

use super::PortError;
use crate::model::{CommandId, Outcome};

/// Outcomes by command. Kept for a minute, whether or not anybody waits, so that the wait may begin after the outcome.
#[async_trait]
pub trait Replies: Send + Sync {
    /// Leaves the outcome of a command.
    async fn reply(&self, to: &CommandId, outcome: Outcome) -> Result<(), PortError>;

    /// Takes the outcome of a command, waiting for it; `None` if there is none within `timeout`. One waiter gets it.
    async fn wait(&self, to: &CommandId, timeout: Duration) -> Result<Option<Outcome>, PortError>;
}
