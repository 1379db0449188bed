//! Every HTTP endpoint and the WebSocket: authenticate, parse into the domain's types, hand on, answer in the contract's shape.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

mod api;
mod auth;
mod console;
mod contact;
mod drain;
mod error;
mod extract;
mod fields;
mod files;
mod history;
mod host;
#[cfg(feature = "aws")]
pub mod lambda;
mod limits;
mod openapi;
mod reply;
mod request_id;
mod router;
mod routes;
mod sending;
mod settings;
mod socket;
mod views;

pub use api::{Api, ApiConfig, RateLimits};
pub use limits::Peer;
pub use router::{router, socket_router};
