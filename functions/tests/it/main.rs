//! What the endpoints do when there is nothing behind them; the rest is told by the tests of the whole.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod edge;
mod openapi;
mod pages;
mod socket;
mod world;
