//! The nouns of warta. Fields are parsed once, at the edge; nothing past that checks again.

mod ai;
mod command;
mod delivery;
mod device;
mod event;
mod ids;
mod jid;
mod message;
mod page;
mod timestamp;
mod webhook;

pub use ai::{AiSettings, AutoResponse, WorkingHours};
pub use command::{Command, Envelope, Outcome};
pub use delivery::{Delivery, DeliveryStats};
pub use device::{Device, DeviceFilter, DeviceUpdate, MessageCounts, Qr, Removed, Session, Status, session_id};
pub use event::{Event, EventData, EventDraft, EventKind};
pub use ids::{ApiKey, CommandId, DeviceId, EventId, InvalidId, MessageId, SessionId, UserId};
pub use jid::{InvalidJid, Jid, Server};
pub use message::{Direction, Message, MessageFilter, MessageStatus, MessageType, OutgoingText, Quoted};
pub use page::{Cursor, InvalidCursor, Page, PageRequest};
pub use timestamp::Timestamp;
pub use webhook::{Headers, InvalidWebhook, WebhookFilter, WebhookSettings, WebhookUrl};
