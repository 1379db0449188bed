//! Tests of the session host.

mod deliver;
mod lanes;
#[cfg(feature = "sandbox")]
mod session;
mod store;
