//! The model, the ports and the pipeline of warta: what a WhatsApp API is, with no IO, no HTTP framework, no cloud and no WhatsApp library in it.

#![warn(missing_docs)]

pub mod model;
pub mod pipeline;
pub mod ports;
pub mod trace;

#[cfg(feature = "contract")]
#[expect(missing_docs, reason = "the names of the suites' functions are sentences")]
pub mod contract;
