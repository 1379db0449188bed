//! The real client library against the sandbox.

mod net;
mod pairing;
mod texts;
