//! `/users`

mod devices;
