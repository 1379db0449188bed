//! Devices of a host that are linked to phones of a sandbox.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bulks;
mod chats;
mod costs;
mod downloads;
mod files;
mod group_changes;
mod groups;
mod kinds;
mod linking;
mod past;
mod people;
mod received;
mod replies;
mod slow_queue;
mod tenure;
mod waiting;
mod world;
