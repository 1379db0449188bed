//! `/users`

pub mod devices;
