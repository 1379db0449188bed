//! Publishing: the state change and its event are stored together, then told to sockets and webhooks.

use std::sync::Arc;

use crate::{
    model::{DeviceId, Event, EventData, EventDraft},
    ports::{Change, Clock, Epoch, Ids, Journal, PortError, Push, Step},
};

/// Makes what happens to devices known.
#[derive(Clone)]
pub struct Publisher {
    /// Stores it.
    pub journal: Arc<dyn Journal>,
    /// Tells the sockets.
    pub push: Arc<dyn Push>,
    /// Wakes whoever delivers to the device's webhook.
    pub wake: Arc<dyn Fn(&DeviceId) + Send + Sync>,
    /// Tells when it happened.
    pub clock: Arc<dyn Clock>,
    /// Names it.
    pub ids: Arc<dyn Ids>,
    /// The host's turn at holding devices.
    pub epoch: Epoch,
}

impl Publisher {
    /// A change, and the event that tells of it if there is something to tell.
    pub fn step(&self, change: Change, data: Option<&EventData>) -> Step {
        Step { change, event: data.map(|data| EventDraft::new(self.ids.event(), self.clock.now(), data)) }
    }

    /// Stores the steps and tells what took effect. May be repeated: what is stored already is not told again.
    pub async fn publish(&self, device: &DeviceId, steps: Vec<Step>) -> Result<Vec<Event>, PortError> {
        let events = self.journal.commit(device, self.epoch, steps).await?;
        if events.is_empty() {
            return Ok(events);
        }
        (self.wake)(device);
        for event in &events {
            if let Err(error) = self.push.push(event.clone()).await {
                tracing::warn!(device = %device, event = %event.id, ?error, "an event was not pushed to the sockets");
            }
        }
        Ok(events)
    }
}
