//! Devices of a host that are linked to phones of a sandbox.

mod bulks;
mod files;
mod groups;
mod kinds;
mod world;
