//! The nouns of warta. Fields are parsed once, at the edge; nothing past that checks again.

mod ai;
mod bulk;
mod chat;
mod command;
mod contact;
mod content;
mod degrees;
mod delivery;
mod device;
mod event;
mod group;
mod ids;
mod jid;
mod lane;
mod message;
mod page;
#[cfg(feature = "schema")]
mod schema;
mod template;
mod timestamp;
mod webhook;

pub use ai::{AiSettings, AutoResponse, WorkingHours};
pub use bulk::{Bulk, BulkPart, BulkProgress};
pub use chat::{Chat, ChatFilter, ChatUpdate};
pub use command::{Command, DeleteMessage, EditMessage, Envelope, Outcome, Refresh, Typing};
pub use contact::{Contact, ContactFilter, ContactUpdate, NumberCheck};
pub use content::{Attachment, ContactCard, Location, MediaFile, MediaPlace, Poll};
pub use degrees::Degrees;
pub use delivery::{Delivery, DeliveryRecord, DeliveryStats, DeliveryStatus, Replay};
pub use device::{
    Device, DeviceFilter, DeviceUpdate, MessageCounts, PairingCode, Passkey, Qr, Removed, Session, SessionFilter, Status, session_id,
};
pub use event::{Event, EventData, EventDraft, EventFilter, EventKind, GroupDetails, UnknownWord};
pub use group::{Group, GroupChange, GroupFilter, Member, MemberOutcome, NewGroup, Role};
pub use ids::{ApiKey, BulkId, CommandId, DeviceId, EventId, HostId, InvalidId, InvalidUserId, MediaId, MessageId, SessionId, UserId};
pub use jid::{InvalidJid, Jid, Server};
pub use lane::Lane;
pub use message::{Author, Direction, Message, MessageFilter, MessageKey, MessageStatus, MessageTally, MessageType, Origin, Quoted};
pub use page::{Cursor, InvalidCursor, Page, PageRequest};
pub use template::{MissingVariable, Template, TemplateOwner, render, variables};
pub use timestamp::Timestamp;
pub use webhook::{Headers, InvalidWebhook, WebhookFilter, WebhookSettings, WebhookUrl};
