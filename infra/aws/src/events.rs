//! Events that were stored, for who missed them.

use std::time::Duration;

use async_trait::async_trait;
use domain::{
    model::{DeviceId, Event, EventDraft, EventId},
    ports::{EventScope, Events, PortError},
};

use crate::{
    Records,
    error::flaw,
    layout,
    table::{Item, key, number, text},
};

/// How long events are kept for sockets that come back.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long those are kept that a webhook wants: they may wait that long. Some days longer than [`crate::deliveries::WAITS`], so that what is given up in the
/// end still has its event.
const KEPT_FOR_WEBHOOK: Duration = Duration::from_secs(35 * 24 * 3600);

/// The item of an event that is about to be stored as the device's `seq`th; `wanted` if a delivery goes with it.
pub(crate) fn item(device: &DeviceId, seq: u64, draft: &EventDraft, wanted: bool) -> Item {
    let kept = if wanted { KEPT_FOR_WEBHOOK } else { KEPT };
    let mut item = key(&layout::device(device), &sk(seq));
    item.extend([
        ("i1".to_owned(), text(layout::events(&draft.id))),
        ("p1".to_owned(), text(draft.id.as_str())),
        ("kind".to_owned(), text(draft.kind.as_str())),
        ("at".to_owned(), number(draft.at.millis())),
        ("data".to_owned(), text(draft.data.get())),
        ("expires_at".to_owned(), number((draft.at + kept).seconds())),
    ]);
    item.extend(draft.chat.as_ref().map(|chat| ("chat".to_owned(), text(chat.to_string()))));
    item.extend(draft.trace.as_ref().map(|trace| ("trace".to_owned(), text(trace.0.as_str()))));
    item
}

/// The sort key of a device's `seq`th event.
pub(crate) fn sk(seq: u64) -> String {
    format!("event#{}", layout::number(seq))
}

#[async_trait]
impl Events for Records {
    async fn get(&self, _id: &EventId) -> Result<Option<Event>, PortError> {
        Err(flaw("not written yet"))
    }

    async fn after(&self, _after: &EventId, _scope: &EventScope, _limit: u32) -> Result<Vec<Event>, PortError> {
        Err(flaw("not written yet"))
    }
}
