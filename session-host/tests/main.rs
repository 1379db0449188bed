//! Tests of the session host.

mod deliver;
#[cfg(feature = "sandbox")]
mod session;
mod store;
