//! `/users`

mod devices;
mod messages;
