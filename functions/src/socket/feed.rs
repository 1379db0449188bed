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

/// Most events read of those that happened just now.
const LATEST: u32 = 10_000;

/// How much later than it happened an event may be stored and told, so that those of other devices that happened later were told before it.
pub const OVERLAP: Duration = Duration::from_secs(2);

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
            } else if past.read().await? {
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
    async fn read(&mut self) -> Result<bool, Ended> {
        let all_stored = self.clock.now() - OVERLAP;
        let page = self.page(PAGE).await?;
        if page.len() == PAGE as usize && page.last().is_some_and(|last| last.at < all_stored) {
            self.take(page);
            return Ok(true);
        }
        // What happened just now is read in one go: what is stored late between two reads, the second one would pass over.
        let page = if page.len() < PAGE as usize { page } else { self.page(LATEST).await? };
        if page.len() == LATEST as usize {
            return Err(Ended::Lagged);
        }
        self.take(page);
        self.complete = true;
        Ok(false)
    }

    async fn page(&self, limit: u32) -> Result<Vec<Event>, Ended> {
        self.events.after(&self.after, &self.scope, limit).await.map_err(Ended::Unreadable)
    }

    fn take(&mut self, page: Vec<Event>) {
        if let Some(last) = page.last() {
            self.after = last.id.clone();
        }
        self.read = by_seq(page);
    }
}

/// Puts each device's events in the places they have together, by their sequence: their ids may miss it by an instant.
pub fn by_seq(page: Vec<Event>) -> VecDeque<Arc<Event>> {
    let places: Vec<_> = page.iter().map(|event| event.device_id.clone()).collect();
    let mut devices: HashMap<_, BTreeMap<_, _>> = HashMap::new();
    for event in page {
        devices.entry(event.device_id.clone()).or_default().insert(event.seq, Arc::new(event));
    }
    places.iter().filter_map(|device| devices.get_mut(device)?.pop_first()).map(|(_, event)| event).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use domain::{
        model::{EventKind, Timestamp},
        ports::SystemClock,
    };
    use serde_json::value::RawValue;

    use super::*;

    /// Events that are stored, and those that are stored and told once somebody has read some.
    struct Stored {
        all: Mutex<Vec<Event>>,
        late: Mutex<Vec<Event>>,
        live: broadcast::Sender<Arc<Event>>,
    }

    #[async_trait]
    impl Events for Stored {
        async fn get(&self, _: &EventId) -> Result<Option<Event>, PortError> {
            Ok(None)
        }

        async fn after(&self, after: &EventId, _: &EventScope, limit: u32) -> Result<Vec<Event>, PortError> {
            let mut all = self.all.lock().unwrap();
            all.sort_by(|a, b| a.id.as_str().cmp(b.id.as_str()));
            let page = all.iter().filter(|event| event.id.as_str() > after.as_str()).take(limit as usize).cloned().collect();
            for event in self.late.lock().unwrap().drain(..) {
                self.live.send(Arc::new(event.clone())).unwrap();
                all.push(event);
            }
            Ok(page)
        }
    }

    fn event(device: &str, seq: u64, at: Timestamp, id: u32) -> Event {
        Event {
            id: EventId::parse(format!("{}{id:06}", before_events(at))).unwrap(),
            seq,
            device_id: DeviceId::parse(device).unwrap(),
            kind: EventKind::MessageReceived,
            at,
            trace: None,
            data: Arc::from(RawValue::from_string("{}".into()).unwrap()),
        }
    }

    #[tokio::test]
    async fn what_is_stored_late_while_the_past_is_read_is_neither_left_out_nor_told_twice() {
        let now = SystemClock.now();
        let all = (0..PAGE + 1).map(|n| event("a", u64::from(n) + 1, now, 10 * n)).collect();
        // Named before the last of what is read first, and after it.
        let late = vec![event("b", 1, now, 10 * PAGE - 15), event("b", 2, now, 10 * PAGE - 5)];
        let (live, receiver) = broadcast::channel(16);
        let stored = Stored { all: Mutex::new(all), late: Mutex::new(late), live: live.clone() };
        let last = event("a", 1, now, 0);
        let mut feed = Feed::since(receiver, last, Arc::new(stored), Arc::new(SystemClock), EventScope::All);
        live.send(Arc::new(event("a", u64::from(PAGE) + 2, now, 10 * PAGE + 1))).unwrap();

        let mut told: HashMap<_, Vec<u64>> = HashMap::new();
        for _ in 0..PAGE + 3 {
            let event = feed.next().await.unwrap();
            told.entry(event.device_id.to_string()).or_default().push(event.seq);
        }
        assert_eq!(told["b"], [1, 2]);
        assert_eq!(told["a"], (2..=u64::from(PAGE) + 2).collect::<Vec<_>>());
    }

    /// A feed from `last` on, where these are stored and those come while they are read.
    fn feed(all: Vec<Event>, late: Vec<Event>, last: Event) -> (Feed, broadcast::Sender<Arc<Event>>) {
        let (live, receiver) = broadcast::channel(16);
        let stored = Stored { all: Mutex::new(all), late: Mutex::new(late), live: live.clone() };
        (Feed::since(receiver, last, Arc::new(stored), Arc::new(SystemClock), EventScope::All), live)
    }

    async fn told(feed: &mut Feed, count: usize) -> Vec<(String, u64)> {
        let mut told = Vec::new();
        for _ in 0..count {
            let event = feed.next().await.unwrap();
            told.push((event.device_id.to_string(), event.seq));
        }
        told
    }

    #[tokio::test]
    async fn what_was_missed_long_ago_comes_page_by_page_however_much_happens_meanwhile() {
        let hour_ago = SystemClock.now() - Duration::from_secs(3600);
        let at = |seq: u32| hour_ago + Duration::from_millis(10 * u64::from(seq));
        let make = |seqs: std::ops::RangeInclusive<u32>| seqs.map(|seq| event("a", seq.into(), at(seq), seq)).collect::<Vec<_>>();
        // More than may wait: it is stored by the time it is missed.
        let (mut feed, live) = feed(make(1..=1234), make(1235..=1300), event("a", 10, at(10), 10));
        let mut read = told(&mut feed, 1290).await;
        live.send(Arc::new(event("a", 1301, at(1301), 1301))).unwrap();
        read.extend(told(&mut feed, 1).await);
        assert_eq!(read, (11..=1301).map(|seq| ("a".to_owned(), seq)).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn what_others_did_shortly_before_comes_once_more_since_it_may_have_been_told_later() {
        let seen = SystemClock.now() - Duration::from_secs(60);
        let before = |millis: u64| seen - Duration::from_millis(millis);
        let all = vec![
            event("b", 1, before(2500), 1),
            event("b", 2, before(1500), 2),
            event("a", 6, before(100), 3),
            event("a", 7, seen, 4),
            event("a", 8, seen, 5),
        ];
        let (mut feed, _live) = feed(all, Vec::new(), event("a", 7, seen, 4));
        assert_eq!(told(&mut feed, 2).await, [("b".to_owned(), 2), ("a".to_owned(), 8)]);
    }

    #[test]
    fn a_devices_events_are_in_their_sequence_even_where_their_ids_are_not() {
        let now = SystemClock.now();
        let page = vec![event("a", 2, now, 1), event("b", 1, now, 2), event("a", 1, now, 3), event("b", 2, now, 4)];
        let told: Vec<_> = by_seq(page).iter().map(|event| (event.device_id.to_string(), event.seq)).collect();
        assert_eq!(told, [("a".to_owned(), 1), ("b".to_owned(), 1), ("a".to_owned(), 2), ("b".to_owned(), 2)]);
    }
}
