//! The device store: against the library's in-memory store, over every key-value adapter at hand.

#![allow(clippy::unwrap_used)]

mod blobs;
mod calls;
mod concurrency;
mod costs;
mod memory;
mod oracle;
mod rows;
