//! `/users`

pub mod devices;
pub mod messages;
