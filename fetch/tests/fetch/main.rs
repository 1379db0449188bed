//! Fetching from real servers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod get;
mod preview;
mod server;
