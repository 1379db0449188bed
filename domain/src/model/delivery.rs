//! An event on its way to a webhook.

use super::{Event, Timestamp, WebhookSettings};

/// One event to be posted to one webhook.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The event; its id names the delivery too.
    pub event: Event,
    /// The webhook as it is set now.
    pub webhook: WebhookSettings,
    /// How often it has been tried without success.
    pub attempts: u32,
    /// Not to be tried earlier.
    pub due_at: Timestamp,
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
}
