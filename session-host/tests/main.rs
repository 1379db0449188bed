//! Tests of the session host.

mod deliver;
mod store;
