//! `/devices`

mod connect;
mod create;
mod delete;
mod disconnect;
mod get;
mod key;
mod messages;
mod qr;
mod read;
mod relogin;
mod settings;
mod typing;
mod update;

pub use messages::RESPONSE;
