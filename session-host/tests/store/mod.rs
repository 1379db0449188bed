//! The device store: against the library's in-memory store, over every key-value adapter at hand.

#![allow(clippy::unwrap_used)]

mod calls;
mod costs;
mod fencing;
mod memory;
mod oracle;
