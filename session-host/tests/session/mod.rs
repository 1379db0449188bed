//! Devices of a host that are linked to phones of a sandbox.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bulks;
mod downloads;
mod files;
mod groups;
mod kinds;
mod past;
mod received;
mod world;
