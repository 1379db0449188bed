//! Events for one socket: first those it missed, then those that happen.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use domain::{
    model::{DeviceId, Event, EventId},
    ports::{Clock, EventScope, Events, PortError, before_events},
};
use tokio::sync::broadcast::{self, error::RecvError};

/// Events read at a time.
const PAGE: u32 = 500;

/// How much later than it happened an event may be stored and told, so that those of other devices that happened later were told before it.
const OVERLAP: Duration = Duration::from_secs(2);

/// Why there is no next event.
#[derive(Debug)]
pub enum Ended {
    /// Events were missed because they were not taken fast enough.
    Lagged,
    /// Nothing happens any more.
    Closed,
    /// What was missed could not be read.
    Unreadable(PortError),
}

/// Events in the order of each device, none twice and none left out.
pub struct Feed {
    live: broadcast::Receiver<Arc<Event>>,
    past: Option<Past>,
    /// How far each device's events were told from the store: those may come live once more.
    told: HashMap<DeviceId, u64>,
}

/// What a client missed.
struct Past {
    events: Arc<dyn Events>,
    clock: Arc<dyn Clock>,
    scope: EventScope,
    /// The last one it saw: others of its device were told in order.
    last: (DeviceId, u64),
    after: EventId,
    read: VecDeque<Arc<Event>>,
    /// Whether all was read that had happened by the time `live` began.
    complete: bool,
}

impl Feed {
    /// What happens from now on.
    pub fn live(live: broadcast::Receiver<Arc<Event>>) -> Self {
        Self { live, past: None, told: HashMap::new() }
    }

    /// What happened in `scope` after an event, and then what happens.
    pub fn since(
        live: broadcast::Receiver<Arc<Event>>,
        last: Event,
        events: Arc<dyn Events>,
        clock: Arc<dyn Clock>,
        scope: EventScope,
    ) -> Self {
        let after = before_events(last.at - OVERLAP);
        let last = (last.device_id, last.seq);
        let past = Past { events, clock, scope, last, after, read: VecDeque::new(), complete: false };
        Self { live, past: Some(past), told: HashMap::new() }
    }

    /// The next event. May be broken off anywhere.
    pub async fn next(&mut self) -> Result<Arc<Event>, Ended> {
        while let Some(past) = &mut self.past {
            if let Some(event) = past.read.pop_front() {
                let told = self.told.entry(event.device_id.clone()).or_default();
                *told = event.seq.max(*told);
                if !past.seen(&event) {
                    return Ok(event);
                }
            } else if past.complete {
                self.past = None;
            } else if past.read().await.map_err(Ended::Unreadable)? {
                // What happened so far will be read: nothing of it has to wait here.
                self.live = self.live.resubscribe();
            }
        }
        loop {
            let event = self.live.recv().await.map_err(|error| match error {
                RecvError::Lagged(_) => Ended::Lagged,
                RecvError::Closed => Ended::Closed,
            })?;
            match self.told.get(&event.device_id) {
                Some(told) if event.seq <= *told => {}
                _ => return Ok(event),
            }
        }
    }
}

impl Past {
    fn seen(&self, event: &Event) -> bool {
        event.device_id == self.last.0 && event.seq <= self.last.1
    }

    /// Reads on; answers whether what is stored by now, however late, will be read yet.
    async fn read(&mut self) -> Result<bool, PortError> {
        let page = self.events.after(&self.after, &self.scope, PAGE).await?;
        self.complete = page.len() < PAGE as usize;
        let Some(last) = page.last() else { return Ok(false) };
        let long_ago = self.clock.now().since(last.at) > OVERLAP;
        self.after = last.id.clone();
        self.read = by_seq(page);
        Ok(long_ago && !self.complete)
    }
}

/// Puts each device's events in the places they have together, by their sequence: their ids may miss it by an instant.
fn by_seq(page: Vec<Event>) -> VecDeque<Arc<Event>> {
    let places: Vec<_> = page.iter().map(|event| event.device_id.clone()).collect();
    let mut devices: HashMap<_, BTreeMap<_, _>> = HashMap::new();
    for event in page {
        devices.entry(event.device_id.clone()).or_default().insert(event.seq, Arc::new(event));
    }
    places.iter().filter_map(|device| devices.get_mut(device)?.pop_first()).map(|(_, event)| event).collect()
}
