//! Something that happened, as webhooks and sockets see it.

mod data;
mod filter;
mod group;
mod message;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

pub use self::{
    data::EventData,
    filter::{EventFilter, UnknownWord},
    group::GroupDetails,
};
use super::{DeviceId, EventId, Jid, Timestamp, WebhookFilter};
use crate::trace::{self, TraceParent};

/// The kinds of event, by the contract's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A QR code to scan.
    QrCode,
    /// The device went on or off line.
    ConnectionUpdate,
    /// Somebody wrote to the device.
    MessageReceived,
    /// WhatsApp took a message, or one was typed on the phone.
    MessageSent,
    /// A sent message was delivered or read, or failed.
    MessageStatus,
    /// The file of a message that was received, or typed on the phone, is there.
    MediaReceived,
    /// That file will not come.
    MediaFailed,
    /// Somebody put an emoji on a message, or took it back.
    MessageReaction,
    /// Somebody chose answers in a poll.
    PollVote,
    /// A message's author changed its text.
    MessageEdited,
    /// A message was taken back from everyone.
    MessageDeleted,
    /// A code to type into the phone.
    PairingCode,
    /// Linking waits for the account's passkey.
    PasskeyRequest,
    /// The passkey answered; linking waits for a confirmation.
    PasskeyConfirmation,
    /// The device is in a group that it was not in, or the group has changed.
    GroupUpdate,
    /// The device is not in a group any more.
    GroupLeft,
    /// The device could not answer by itself.
    AiError,
}

impl EventKind {
    /// The contract's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QrCode => "qr_code",
            Self::ConnectionUpdate => "connection_update",
            Self::MessageReceived => "message_received",
            Self::MessageSent => "message_sent",
            Self::MessageStatus => "message_status",
            Self::MediaReceived => "media_received",
            Self::MediaFailed => "media_failed",
            Self::MessageReaction => "message_reaction",
            Self::PollVote => "poll_vote",
            Self::MessageEdited => "message_edited",
            Self::MessageDeleted => "message_deleted",
            Self::PairingCode => "pairing_code",
            Self::PasskeyRequest => "passkey_request",
            Self::PasskeyConfirmation => "passkey_confirmation",
            Self::GroupUpdate => "group_update",
            Self::GroupLeft => "group_left",
            Self::AiError => "ai_error",
        }
    }

    /// The name users subscribe to it by.
    pub fn filter(self) -> WebhookFilter {
        match self {
            Self::QrCode | Self::PairingCode | Self::PasskeyRequest | Self::PasskeyConfirmation => WebhookFilter::Qr,
            Self::ConnectionUpdate => WebhookFilter::Connection,
            Self::MessageReceived
            | Self::MessageSent
            | Self::MessageReaction
            | Self::PollVote
            | Self::MessageEdited
            | Self::MessageDeleted => WebhookFilter::Message,
            Self::MediaReceived | Self::MediaFailed => WebhookFilter::Media,
            Self::MessageStatus => WebhookFilter::Status,
            Self::GroupUpdate | Self::GroupLeft => WebhookFilter::Group,
            Self::AiError => WebhookFilter::Ai,
        }
    }
}

/// An event that is about to be stored: it has no place in its device's sequence yet.
#[derive(Clone, Debug)]
pub struct EventDraft {
    /// Its name, whatever becomes of it.
    pub id: EventId,
    /// What kind it is.
    pub kind: EventKind,
    /// The chat it is about: within that, webhooks get events in order.
    pub chat: Option<Jid>,
    /// When it happened.
    pub at: Timestamp,
    /// The trace it belongs to.
    pub trace: Option<TraceParent>,
    /// What it says, as JSON that is passed on byte for byte.
    pub data: Arc<RawValue>,
}

impl EventDraft {
    /// An event that says `data`.
    pub fn new(id: EventId, at: Timestamp, data: &EventData) -> Self {
        let raw = to_raw_value(data).expect("event data has string keys only");
        Self { id, kind: data.kind(), chat: data.chat().cloned(), at, trace: trace::current(), data: raw.into() }
    }
}

/// Something that happened to a device.
#[derive(Clone, Debug)]
pub struct Event {
    /// The same in every channel and every try.
    pub id: EventId,
    /// Its place among the device's events: counts up by one without gaps.
    pub seq: u64,
    /// Whose event it is.
    pub device_id: DeviceId,
    /// What kind it is.
    pub kind: EventKind,
    /// When it happened.
    pub at: Timestamp,
    /// The trace it belongs to.
    pub trace: Option<TraceParent>,
    /// What it says, as JSON that is passed on byte for byte.
    pub data: Arc<RawValue>,
}

impl Event {
    /// The frame that sockets see.
    pub fn frame(&self) -> String {
        self.json("type")
    }

    /// The body that webhooks see, without its signature.
    pub fn body(&self) -> String {
        self.json("event")
    }

    fn json(&self, kind: &str) -> String {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        format!(
            r#"{{"{kind}":"{}","id":{},"deviceId":{},"seq":{},"timestamp":"{}","data":{}}}"#,
            self.kind.as_str(),
            text(self.id.as_str()),
            text(self.device_id.as_str()),
            self.seq,
            self.at,
            self.data.get(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Status;

    #[test]
    fn a_frame_is_compact_json_with_the_data_as_it_is() {
        let data = EventData::ConnectionUpdate { status: Status::Connected, phone_number: Some("+6281100000001".into()), reason: None };
        let draft = EventDraft::new(EventId::parse("e1").unwrap(), Timestamp::from_millis(0), &data);
        let event = Event {
            id: draft.id,
            seq: 7,
            device_id: DeviceId::parse("a\"b").unwrap(),
            kind: draft.kind,
            at: draft.at,
            trace: None,
            data: draft.data,
        };
        assert_eq!(
            event.frame(),
            r#"{"type":"connection_update","id":"e1","deviceId":"a\"b","seq":7,"timestamp":"1970-01-01T00:00:00.000Z","data":{"status":"connected","phoneNumber":"+6281100000001","reason":null}}"#
        );
    }
}
