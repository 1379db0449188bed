//! `/devices`

mod chats;
mod connect;
mod contacts;
mod create;
mod delete;
mod deliveries;
mod disconnect;
mod get;
mod groups;
mod key;
mod live;
mod messages;
mod pairing_code;
mod passkey;
mod qr;
mod read;
mod relogin;
mod settings;
mod typing;
mod update;

pub use messages::RESPONSE;
