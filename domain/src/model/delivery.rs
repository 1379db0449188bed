//! An event on its way to a webhook.

use super::{Event, EventId, EventKind, Jid, Timestamp, WebhookSettings};

/// One event to be posted to one webhook.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The event; its id names the delivery too.
    pub event: Event,
    /// What it keeps its order within.
    pub chat: Option<Jid>,
    /// The webhook as it is set now.
    pub webhook: WebhookSettings,
    /// How often it has been tried without success.
    pub attempts: u32,
    /// Not to be tried earlier.
    pub due_at: Timestamp,
}

/// A delivery as its device's user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// The event.
    pub event: EventId,
    /// Its kind.
    pub kind: EventKind,
    /// Its place among the device's events.
    pub seq: u64,
    /// What it keeps its order within.
    pub chat: Option<Jid>,
    /// When the event happened.
    pub at: Timestamp,
    /// How it stands.
    pub status: DeliveryStatus,
    /// How often it was tried without success.
    pub attempts: u32,
    /// When it is tried next, while it waits; when it was given up, if it was.
    pub next_or_failed_at: Timestamp,
    /// Why the last try failed, as a stable word.
    pub reason: Option<String>,
}

/// How a delivery stands. Those that arrived are counted and not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// It will be tried, or tried again.
    Pending,
    /// It was given up.
    Failed,
}

/// Which events are to be delivered once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// These, given up or not, as far as they are kept.
    Events(Vec<EventId>),
    /// Those given up that happened in this time.
    Failed {
        /// From then on.
        since: Timestamp,
        /// Until before then.
        until: Timestamp,
    },
}

/// How a device's webhook has fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryStats {
    /// Deliveries that arrived.
    pub successful: u64,
    /// Deliveries given up.
    pub failed: u64,
    /// When one last arrived.
    pub last_delivery: Option<Timestamp>,
    /// When a try last failed.
    pub last_failure: Option<Timestamp>,
    /// Since when every try has failed.
    pub failing_since: Option<Timestamp>,
    /// Since when it is not tried any more, because it failed for too long.
    pub paused_at: Option<Timestamp>,
}
