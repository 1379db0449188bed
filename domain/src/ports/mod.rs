//! What warta needs of the world outside. Each port has one contract suite (`contract`), run against every adapter.
//!
//! House rules: look-ups answer `Option`, since "not found" is a case and not a failure; every call may be repeated after an error;
//! what a call promises holds once it has returned `Ok`, also after a crash.

mod aliases;
mod bulks;
mod clock;
mod commands;
mod deliveries;
mod devices;
mod events;
mod ids;
mod journal;
mod key_value;
mod leases;
mod limits;
mod media;
mod messages;
mod people;
mod push;
mod replies;
mod statistics;
mod templates;

pub use aliases::Aliases;
pub use bulks::Bulks;
pub use clock::{Clock, SystemClock};
pub use commands::{CommandSink, CommandSource, Received};
pub use deliveries::Deliveries;
pub use devices::Devices;
pub use events::{EventScope, Events};
pub use ids::{Ids, RandomIds, before_events};
pub use journal::{Change, Journal, Step};
pub use key_value::{KeyValue, Op};
pub use leases::{Beat, Board, Lease, Leases};
pub use limits::{Count, Limits};
pub use media::{ByteStream, LinkOptions, Media, PutError, StoredFile, UploadTicket};
pub use messages::{Accepted, Messages};
pub use people::People;
pub use push::{Push, Subscription};
pub use replies::Replies;
pub use statistics::{Snapshot, Statistics};
pub use templates::Templates;

/// Why a port could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Another host holds the device by now: stop writing and sending for it at once.
    #[error("another host holds the device")]
    Fenced,
    /// The store or queue failed or could not be reached; the same call may succeed later.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl PortError {
    /// Wraps an adapter's own error.
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(source.into())
    }
}

/// A host's turn at holding devices: grows with every new holder, so that the writes of a former one can be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub u64);
