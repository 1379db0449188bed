//! `/devices`

mod connect;
mod create;
mod delete;
mod disconnect;
mod get;
mod qr;
mod relogin;
mod update;
