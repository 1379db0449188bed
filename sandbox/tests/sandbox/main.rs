//! The real client library against the sandbox.

#![allow(clippy::unwrap_used)]

mod changes;
mod companions;
mod control;
mod faults;
mod garbage;
mod group_changes;
mod groups;
mod history;
mod kinds;
mod linking;
mod media;
mod net;
mod offline;
mod pairing;
mod people;
mod retries;
mod texts;
mod typing;
