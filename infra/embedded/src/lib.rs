//! SQLite and in-process replies and push: the adapters of one machine.

mod commands;
mod deliveries;
mod devices;
mod error;
mod fences;
mod journal;
mod key_value;
mod messages;
mod prune;
mod push;
mod queue;
mod readers;
mod replies;
mod rows;
mod schema;
mod statistics;
mod store;
mod writer;

pub use error::OpenError;
pub use push::InProcessPush;
pub use replies::InProcessReplies;
pub use store::Store;
