//! SQLite, a folder of files, and in-process replies, push and limits: the adapters of one machine.

mod aliases;
mod bulks;
mod commands;
mod counts;
mod deliveries;
mod devices;
mod error;
mod events;
mod fences;
mod fresh;
mod journal;
mod key_value;
mod limits;
mod media;
mod messages;
mod pages;
mod people;
mod prune;
mod push;
mod queue;
mod readers;
mod replies;
mod rows;
mod schema;
mod sorts;
mod statistics;
mod store;
mod templates;
mod window;
mod writer;

pub use error::OpenError;
pub use limits::InProcessLimits;
pub use media::FolderMedia;
pub use push::InProcessPush;
pub use replies::InProcessReplies;
pub use store::Store;
