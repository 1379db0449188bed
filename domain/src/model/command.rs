//! Work asked of a device.

use serde::{Deserialize, Serialize};

use super::{CommandId, DeviceId, OutgoingText, Removed, Timestamp};

/// What a host is asked to do. Stored and queued: variants are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Command {
    /// Bring the device on line, showing QR codes if it is not linked.
    Connect,
    /// Take it off line; it stays linked.
    Disconnect,
    /// Unlink it and show QR codes again.
    Relogin,
    /// Unlink it and delete all there is of it.
    Remove,
    /// Send a text.
    SendText(OutgoingText),
}

/// A command on its way to the host that holds the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The same for every repetition of the same work.
    pub id: CommandId,
    /// Whose work it is.
    pub device_id: DeviceId,
    /// The work.
    pub command: Command,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Not to be executed earlier.
    pub due_at: Timestamp,
    /// Whether somebody waits for its outcome: then it is told to `Replies` under the command's id.
    pub reply: bool,
}

impl Envelope {
    /// What it keeps its order within: what a device sends, or everything else asked of it. So a device that cannot
    /// send for the moment can still be disconnected.
    pub fn group(&self) -> String {
        let kind = if matches!(self.command, Command::SendText(_)) { "send" } else { "control" };
        format!("{}/{kind}", self.device_id)
    }
}

/// What became of a command, told to whoever waits for it. Variants are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Outcome {
    /// It was done, and there is nothing more to say.
    Done,
    /// WhatsApp took the message.
    Sent {
        /// When, by WhatsApp's clock.
        at: Timestamp,
    },
    /// The message will not be sent.
    Failed {
        /// Why, as a stable word.
        error: String,
    },
    /// The device is gone.
    Removed(Removed),
}
