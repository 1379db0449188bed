//! The domain's nouns in the contract's JSON.

mod device;
mod message;
mod page;
mod uptime;

pub use device::{DeviceItem, DeviceView};
pub use message::MessageView;
pub use page::{PageQuery, Pagination, empty_page};
pub use uptime::uptime;
