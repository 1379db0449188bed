//! The steps that work goes through, written once for every adapter.

mod accept;
mod backoff;
mod links;
mod publish;
mod sign;
mod sweep;

pub use accept::{Draft, Intake, Taken};
pub use backoff::Backoff;
pub use links::Links;
pub use publish::{Publisher, Turns};
pub use sign::{SignedBody, sign};
pub use sweep::sweep;

use std::time::Duration;

/// An accepted message that could not be sent for this long is given up: what is later than that does harm.
pub const SEND_EXPIRY: Duration = Duration::from_secs(3600);
