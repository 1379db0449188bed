//! `/devices`

mod connect;
mod create;
mod delete;
mod disconnect;
mod get;
mod qr;
mod read;
mod relogin;
mod typing;
mod update;
