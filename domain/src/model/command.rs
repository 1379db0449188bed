//! Work asked of a device.

use serde::{Deserialize, Serialize};

use crate::trace::TraceParent;

use super::{
    BulkId, CommandId, DeviceId, GroupChange, Jid, MemberOutcome, MessageId, MessageKey, NewGroup, NumberCheck, PairingCode, Removed,
    Timestamp,
};

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
    /// Send an accepted message: its record says all there is to send.
    #[serde(alias = "sendText")]
    Send {
        /// The message.
        id: MessageId,
        /// Its chat.
        #[serde(default)]
        chat: Option<Jid>,
    },
    /// Change the text of a message that was sent.
    Edit(EditMessage),
    /// Take a message back from everyone.
    Delete(DeleteMessage),
    /// Tell the other side that its messages were seen.
    Read {
        /// The chat.
        chat: Jid,
        /// Which of its messages, all incoming.
        messages: Vec<MessageKey>,
    },
    /// Show the other side that somebody is writing.
    Typing {
        /// The chat.
        chat: Jid,
        /// What they see.
        state: Typing,
    },
    /// Send no more of a bulk: what was not sent yet fails.
    CancelBulk {
        /// The bulk.
        id: BulkId,
    },
    /// Ask WhatsApp how something is now, and store that.
    Refresh(Refresh),
    /// Ask WhatsApp which of these numbers it has.
    CheckNumbers {
        /// The numbers.
        numbers: Vec<Jid>,
    },
    /// Take no more from somebody, or take from them again.
    Block {
        /// Who.
        contact: Jid,
        /// Whether they are blocked from now on.
        blocked: bool,
    },
    /// Make a group.
    CreateGroup(NewGroup),
    /// Change a group.
    ChangeGroup {
        /// Which.
        group: Jid,
        /// How.
        change: GroupChange,
    },
    /// Go into the group that an invitation leads to.
    JoinGroup {
        /// The last part of its link.
        code: String,
    },
    /// Get the link that invites to a group.
    InviteLink {
        /// Which.
        group: Jid,
        /// Whether the one there was is to be worth nothing.
        renew: bool,
    },
    /// Show a code that the account's owner types into the phone with this number, in place of scanning a QR code. Connects the device if need be.
    PairingCode {
        /// The phone's number.
        phone: Jid,
    },
    /// Hand in what the account's passkey answered to [`Passkey::request`](super::Passkey::request).
    AnswerPasskey {
        /// The WebAuthn assertion, as JSON.
        assertion: String,
    },
    /// The account's owner saw the same code on both sides.
    ConfirmPasskey,
    /// Look anew at what waits for the device's webhook.
    Deliver,
}

/// What WhatsApp is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "camelCase")]
pub enum Refresh {
    /// The address book and the people in it.
    Contacts,
    /// One person: name, about, picture.
    Contact {
        /// Who.
        contact: Jid,
    },
    /// The conversations: which are archived, pinned, muted, read.
    Chats,
    /// All groups of the account.
    Groups,
    /// One group.
    Group {
        /// Which.
        group: Jid,
    },
}

/// A new text for a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EditMessage {
    /// The WhatsApp id the change itself is sent under, however often it has to be sent.
    pub id: MessageId,
    /// Its chat.
    pub chat: Jid,
    /// The message that is changed: an outgoing one.
    pub target: MessageId,
    /// Its new text, or caption.
    pub text: String,
    /// Who is mentioned in it.
    pub mentions: Vec<Jid>,
}

/// The end of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteMessage {
    /// The WhatsApp id the deletion itself is sent under, however often it has to be sent.
    pub id: MessageId,
    /// Its chat.
    pub chat: Jid,
    /// The message that goes: an outgoing one, or any one of a group the account administers.
    pub target: MessageKey,
}

/// What the other side sees while somebody is writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Typing {
    /// Typing.
    Composing,
    /// Recording a voice note.
    Recording,
    /// No more of either.
    Paused,
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
    /// The trace it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceParent>,
}

impl Envelope {
    /// What it keeps its order within: what a device sends to one chat, what it changes of one group, what it asks, or everything else. So a
    /// large file holds up no other chat, a slow answer holds up no change, and a device that cannot send for the moment can still be disconnected.
    pub fn group(&self) -> String {
        let device = &self.device_id;
        match &self.command {
            Command::Send { chat: Some(chat), .. }
            | Command::Edit(EditMessage { chat, .. })
            | Command::Delete(DeleteMessage { chat, .. }) => {
                format!("{device}/send/{chat}")
            }
            Command::Send { chat: None, .. } => format!("{device}/send"),
            Command::ChangeGroup { group, .. } | Command::InviteLink { group, .. } => format!("{device}/group/{group}"),
            Command::CreateGroup(_) | Command::JoinGroup { .. } => format!("{device}/group"),
            Command::Block { .. } => format!("{device}/block"),
            Command::Refresh(_) | Command::CheckNumbers { .. } => format!("{device}/ask"),
            _ => format!("{device}/control"),
        }
    }
}

/// What became of a command, told to whoever waits for it. Variants are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Outcome {
    /// It was done, and there is nothing more to say.
    Done,
    /// WhatsApp took the message, or its change.
    Sent {
        /// When, by WhatsApp's clock.
        at: Timestamp,
    },
    /// It could not be done; a message will not be sent.
    Failed {
        /// Why, as a stable word.
        error: String,
    },
    /// The device is gone.
    Removed(Removed),
    /// What WhatsApp says of the numbers, in their order.
    Numbers {
        /// Each.
        checks: Vec<NumberCheck>,
    },
    /// There is such a group; its record is stored.
    Group {
        /// Which.
        group: Jid,
    },
    /// What became of each member that was to change.
    Members {
        /// Each.
        members: Vec<MemberOutcome>,
    },
    /// The link that invites to a group.
    InviteLink {
        /// Its last part.
        code: String,
    },
    /// The code to type into the phone.
    PairingCode(PairingCode),
}
