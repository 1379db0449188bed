//! What is known of a session, stored and told.

use domain::{
    model::{Event, EventData, Session},
    ports::{Change, PortError, Step},
};

use super::{Actor, BACKOFF, Stop};

/// A device is counted among those on line as long as this is kept.
pub(super) struct OnLine(metrics::Gauge);

impl OnLine {
    pub fn begin() -> Self {
        let devices = metrics::gauge!("warta_devices_on_line");
        devices.increment(1);
        Self(devices)
    }
}

impl Drop for OnLine {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

impl Actor {
    /// Stores a new state of the session, and tells it if users can see the difference.
    pub(super) async fn enter(&mut self, next: Session) -> Result<(), Stop> {
        let visible = |session: &Session| (session.status, session.phone.clone(), session.reason.clone());
        let data = (visible(&next) != visible(&self.session)).then(|| EventData::connection_update(&next));
        self.store_session(next, data).await
    }

    pub(super) async fn store_session(&mut self, next: Session, data: Option<EventData>) -> Result<(), Stop> {
        if next == self.session && data.is_none() {
            return Ok(());
        }
        let step = self.shared.publisher.step(Change::Session(Box::new(next.clone())), data.as_ref());
        self.publish(vec![step]).await?;
        self.session = next;
        Ok(())
    }

    /// Publishes, however long the store takes to come back.
    pub(super) async fn publish(&mut self, steps: Vec<Step>) -> Result<Vec<Event>, Stop> {
        let mut failures = 0;
        loop {
            match self.shared.publisher.publish(&self.device, steps.clone()).await {
                Ok(events) => return Ok(events),
                Err(PortError::Fenced) => return Err(Stop::Fenced),
                Err(error) => {
                    failures += 1;
                    tracing::error!(device = %self.device, ?error, "what happened to a device could not be stored");
                    tokio::time::sleep(BACKOFF.after(failures)).await;
                }
            }
        }
    }
}
