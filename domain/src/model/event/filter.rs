//! Which of the events that a socket may show its client wants.

use std::collections::HashSet;

use serde::{Deserialize, Serialize, de::value::StrDeserializer};

use super::{Event, EventKind};
use crate::model::{DeviceId, WebhookFilter};

/// Which events are wanted; where nothing is said, all are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFilter {
    devices: HashSet<DeviceId>,
    filters: Vec<WebhookFilter>,
    kinds: Vec<EventKind>,
}

/// A word in a list that names nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are none called {word}")]
pub struct UnknownWord {
    /// The list: `devices` or `events`.
    pub list: &'static str,
    /// The word.
    pub word: String,
}

impl EventFilter {
    /// Reads lists with commas: ids of devices, and events by the names that webhooks subscribe to them by, or by their own.
    pub fn parse(devices: &str, events: &str) -> Result<Self, UnknownWord> {
        let unknown = |list, word: &str| UnknownWord { list, word: word.to_owned() };
        let devices = words(devices).map(|id| DeviceId::parse(id).map_err(|_| unknown("devices", id)));
        let mut filter = Self { devices: devices.collect::<Result<_, _>>()?, ..Self::default() };
        for name in words(events) {
            match (read(name), read(name)) {
                (Some(group), _) => filter.filters.push(group),
                (None, Some(kind)) => filter.kinds.push(kind),
                (None, None) => return Err(unknown("events", name)),
            }
        }
        Ok(filter)
    }

    /// Whether this event is wanted.
    pub fn wants(&self, event: &Event) -> bool {
        let all = self.filters.is_empty() && self.kinds.is_empty();
        let kind = all || self.filters.contains(&event.kind.filter()) || self.kinds.contains(&event.kind);
        kind && (self.devices.is_empty() || self.devices.contains(&event.device_id))
    }

    /// The one device whose events are wanted, if it is one.
    pub fn only_device(&self) -> Option<&DeviceId> {
        self.devices.iter().next().filter(|_| self.devices.len() == 1)
    }
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn read<'de, T: Deserialize<'de>>(name: &'de str) -> Option<T> {
    T::deserialize(StrDeserializer::<serde::de::value::Error>::new(name)).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::value::RawValue;

    use super::*;
    use crate::model::{EventId, Timestamp};

    fn event(device: &str, kind: EventKind) -> Event {
        Event {
            id: EventId::parse("evt_1").unwrap(),
            seq: 1,
            device_id: DeviceId::parse(device).unwrap(),
            kind,
            at: Timestamp::from_millis(0),
            trace: None,
            data: Arc::from(RawValue::from_string("{}".into()).unwrap()),
        }
    }

    fn wanted(devices: &str, events: &str) -> Vec<(&'static str, EventKind)> {
        let filter = EventFilter::parse(devices, events).unwrap();
        let kinds = [EventKind::QrCode, EventKind::PairingCode, EventKind::MessageReceived, EventKind::MessageStatus];
        let all = ["a", "b"].into_iter().flat_map(|device| kinds.map(|kind| (device, kind)));
        all.filter(|(device, kind)| filter.wants(&event(device, *kind))).collect()
    }

    #[test]
    fn nothing_said_means_all() {
        for nothing in ["", " , ,"] {
            assert_eq!(wanted(nothing, nothing).len(), 8);
        }
    }

    #[test]
    fn events_are_called_by_their_webhook_filters_or_by_their_own_names() {
        assert_eq!(wanted("b", "qr"), [("b", EventKind::QrCode), ("b", EventKind::PairingCode)]);
        assert_eq!(wanted("a", "qr_code, message_status"), [("a", EventKind::QrCode), ("a", EventKind::MessageStatus)]);
        assert_eq!(wanted("c", "").len(), 0);
        assert_eq!(wanted("a,b,a", "status,status,message_status").len(), 2);
    }

    #[test]
    fn what_is_called_by_no_name_is_refused() {
        for events in ["nonsense", "qr,Message", "message;qr"] {
            assert!(EventFilter::parse("", events).is_err(), "{events}");
        }
    }
}
