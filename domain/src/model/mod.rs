//! The nouns of warta. Fields are parsed once, at the edge; nothing past that checks again.

mod ai;
mod bulk;
mod command;
mod content;
mod degrees;
mod delivery;
mod device;
mod event;
mod ids;
mod jid;
mod message;
mod page;
#[cfg(feature = "schema")]
mod schema;
mod template;
mod timestamp;
mod webhook;

pub use ai::{AiSettings, AutoResponse, WorkingHours};
pub use bulk::{Bulk, BulkPart, BulkProgress};
pub use command::{Command, DeleteMessage, EditMessage, Envelope, Outcome, Typing};
pub use content::{Attachment, ContactCard, Location, MediaFile, MediaPlace, Poll};
pub use degrees::Degrees;
pub use delivery::{Delivery, DeliveryStats};
pub use device::{Device, DeviceFilter, DeviceUpdate, MessageCounts, Qr, Removed, Session, Status, session_id};
pub use event::{Event, EventData, EventDraft, EventKind};
pub use ids::{ApiKey, BulkId, CommandId, DeviceId, EventId, InvalidId, MediaId, MessageId, SessionId, UserId};
pub use jid::{InvalidJid, Jid, Server};
pub use message::{Direction, Message, MessageFilter, MessageKey, MessageStatus, MessageTally, MessageType, Origin, Quoted};
pub use page::{Cursor, InvalidCursor, Page, PageRequest};
pub use template::{MissingVariable, Template, TemplateOwner, render, variables};
pub use timestamp::Timestamp;
pub use webhook::{Headers, InvalidWebhook, WebhookFilter, WebhookSettings, WebhookUrl};
