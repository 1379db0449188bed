//! The domain's nouns in the contract's JSON.

mod chat;
mod contact;
mod device;
mod group;
mod message;
mod page;
mod session;
mod uptime;
mod webhook;

pub use chat::ChatView;
pub use contact::ContactView;
pub use device::{DeviceItem, DeviceView};
pub use group::group_example;
pub use message::MessageView;
pub use page::{PageQuery, Pagination, empty_page};
pub use session::SessionView;
pub use uptime::uptime;
pub use webhook::{WebhookSummary, WebhookView};
