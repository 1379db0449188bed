//! Finding what a crash left behind.

use std::time::Duration;

use super::accept::send_command;
use crate::{
    model::Timestamp,
    ports::{CommandSink, Messages, PortError},
};

/// Most messages looked at in one sweep.
const BATCH: u32 = 1000;

/// Gives every message that was accepted at least `age` ago and left pending its command again: those that still have it are not queued
/// twice, and those that were sent already go out under the same WhatsApp id, which both ends take for the same message. Answers how
/// many it looked at.
pub async fn sweep(messages: &dyn Messages, commands: &dyn CommandSink, now: Timestamp, age: Duration) -> Result<usize, PortError> {
    let pending = messages.pending(now - age, BATCH).await?;
    for message in &pending {
        commands.enqueue(&send_command(message, now, false)).await?;
    }
    Ok(pending.len())
}
