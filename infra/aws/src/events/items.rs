//! An event as an item.

use std::time::Duration;

use domain::{
    model::{DeviceId, Event, EventDraft, EventId, EventKind, Timestamp},
    ports::{Clock, PortError, SystemClock},
    trace::TraceParent,
};
use serde::{
    Deserialize,
    de::{IntoDeserializer, value::Error},
};
use serde_json::value::RawValue;

use crate::{
    bounds,
    error::flaw,
    layout,
    table::{Item, key, number, number_of, text, text_of},
};

/// How long events are kept for sockets that come back.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long those are kept that are to be delivered: some days longer than deliveries wait, so that what is given up in the end still has its event.
pub(crate) const KEPT_FOR_DELIVERY: Duration = Duration::from_secs(35 * 24 * 3600);

/// The sort key of a device's `seq`th event.
pub(crate) fn sk(seq: u64) -> String {
    format!("event#{}", layout::number(seq))
}

/// The place in its device's sequence of what lies under `…#{seq}`.
pub(crate) fn seq(item: &Item) -> Result<u64, PortError> {
    let number = text_of(item, "sk")?.rsplit_once('#').and_then(|(_, number)| number.parse().ok());
    number.ok_or_else(|| flaw("an event has no place in its sequence"))
}

/// The item of an event that is about to be stored as the device's `seq`th; `wanted` if a delivery goes with it.
pub(crate) fn item(device: &DeviceId, seq: u64, draft: &EventDraft, wanted: bool) -> Item {
    let kept = if wanted { KEPT_FOR_DELIVERY } else { KEPT };
    let mut item = key(&layout::device(device), &sk(seq));
    item.extend([
        ("i1".to_owned(), text(layout::events(&draft.id))),
        ("p1".to_owned(), text(draft.id.as_str())),
        ("kind".to_owned(), text(draft.kind.as_str())),
        ("at".to_owned(), number(draft.at.millis())),
        ("data".to_owned(), text(bounds::fit(draft.data.get()))),
        ("expires_at".to_owned(), number((SystemClock.now() + kept).seconds())),
    ]);
    item.extend(draft.chat.as_ref().map(|chat| ("chat".to_owned(), text(chat.to_string()))));
    item.extend(draft.trace.as_ref().map(|trace| ("trace".to_owned(), text(trace.0.as_str()))));
    item
}

/// What [`item`] made.
pub(crate) fn event(item: &Item) -> Result<Event, PortError> {
    Ok(Event {
        id: EventId::parse(text_of(item, "p1")?).map_err(flaw)?,
        seq: seq(item)?,
        device_id: layout::device_of(item)?,
        kind: kind(item)?,
        at: number_of(item, "at").map(Timestamp::from_millis)?,
        trace: text_of(item, "trace").ok().map(|trace| TraceParent(trace.to_owned())),
        data: RawValue::from_string(text_of(item, "data")?.to_owned()).map_err(flaw)?.into(),
    })
}

/// The kind of event that an item tells of.
pub(crate) fn kind(item: &Item) -> Result<EventKind, PortError> {
    EventKind::deserialize(IntoDeserializer::<Error>::into_deserializer(text_of(item, "kind")?)).map_err(flaw)
}
