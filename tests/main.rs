//! Black-box tests: the real program as a process, over HTTP and WebSocket, against a sandbox of its own per test.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod api;
mod flows;
mod house;
mod world;
