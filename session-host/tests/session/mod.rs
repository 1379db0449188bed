//! Devices of a host that are linked to phones of a sandbox.

mod bulks;
mod downloads;
mod files;
mod groups;
mod kinds;
mod past;
mod received;
mod world;
