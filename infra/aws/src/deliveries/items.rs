//! A delivery as an item: one that waits, or was given up.

use std::time::Duration;

use domain::{
    model::{DeviceId, EventDraft, EventId, EventKind, Jid, Lane, Timestamp},
    ports::{Clock, PortError, SystemClock},
};

use crate::{
    error::flaw,
    events, layout,
    table::{Item, key, number, number_of, text, text_of},
};

/// How long a delivery waits that is not tried: its webhook is paused, or what comes before it is in its way.
const WAITS: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long deliveries that were given up, and their events, are kept for people to look at.
pub(super) const FAILURES_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// The beginning of the sort keys of what waits.
pub(super) const WAITING: &str = "waiting#";

/// The beginning of the sort keys of what was given up.
pub(super) const FAILED: &str = "failed#";

/// The sort key of the delivery of the device's `seq`th event that waits, or was given up.
pub(super) fn sk(prefix: &str, seq: u64) -> String {
    format!("{prefix}{}", layout::number(seq))
}

/// The place in the list of what waits after all that waits for the device.
pub(super) fn after(device: &DeviceId) -> String {
    // No digit comes after it.
    format!("{device}#:")
}

/// From this moment on a delivery that nobody has tried is given up.
pub(super) fn waits_until() -> Timestamp {
    SystemClock.now() + WAITS
}

/// The item of a delivery of the device's `seq`th event, which is about to be stored.
pub(crate) fn waiting_item(device: &DeviceId, lane: Lane, seq: u64, draft: &EventDraft) -> Item {
    let EventDraft { id, kind, chat, at, .. } = draft;
    waiting(device, lane, seq, &About { event: id.clone(), kind: *kind, chat: chat.clone(), at: *at }, *at)
}

/// What a delivery says of its event.
pub(super) struct About {
    pub event: EventId,
    pub kind: EventKind,
    pub chat: Option<Jid>,
    pub at: Timestamp,
}

impl About {
    /// What the item of an event says.
    pub fn event(item: &Item) -> Result<Self, PortError> {
        Self::read(item, "p1")
    }

    fn read(item: &Item, id: &str) -> Result<Self, PortError> {
        Ok(Self {
            event: EventId::parse(text_of(item, id)?).map_err(flaw)?,
            kind: events::kind(item)?,
            chat: text_of(item, "chat").ok().map(Jid::parse).transpose().map_err(flaw)?,
            at: moment(item, "at")?,
        })
    }

    fn item(&self, device: &DeviceId, sk: &str) -> Item {
        let mut item = key(&layout::device(device), sk);
        item.insert("event".to_owned(), text(self.event.as_str()));
        item.insert("kind".to_owned(), text(self.kind.as_str()));
        item.insert("at".to_owned(), number(self.at.millis()));
        item.extend(self.chat.as_ref().map(|chat| ("chat".to_owned(), text(chat.to_string()))));
        item
    }
}

/// The item of a delivery that was not tried yet.
pub(super) fn waiting(device: &DeviceId, lane: Lane, seq: u64, about: &About, due_at: Timestamp) -> Item {
    let mut item = about.item(device, &sk(WAITING, seq));
    item.extend([
        ("i3".to_owned(), text(layout::waiting(lane))),
        ("p3".to_owned(), text(format!("{device}#{}", layout::number(seq)))),
        ("attempts".to_owned(), number(0)),
        ("moment".to_owned(), number(due_at.millis())),
        ("waits_until".to_owned(), number(waits_until().millis())),
    ]);
    item
}

/// The item of a delivery that was given up after so many attempts.
pub(super) fn failed(device: &DeviceId, waiting: &Stored, attempts: u32, at: Timestamp, reason: &str) -> Item {
    let mut item = waiting.about.item(device, &sk(FAILED, waiting.seq));
    item.extend([
        ("attempts".to_owned(), number(attempts)),
        ("moment".to_owned(), number(at.millis())),
        ("reason".to_owned(), text(reason)),
        ("expires_at".to_owned(), number((SystemClock.now() + FAILURES_KEPT).seconds())),
    ]);
    item
}

/// A delivery that waits, or that was given up.
pub(super) struct Stored {
    pub seq: u64,
    pub about: About,
    pub attempts: u32,
    /// When it is due, or was given up.
    pub moment: Timestamp,
    pub reason: Option<String>,
    /// It waits no longer than until then.
    pub waits_until: Timestamp,
}

impl Stored {
    pub fn read(item: &Item) -> Result<Self, PortError> {
        Ok(Self {
            seq: events::seq(item)?,
            about: About::read(item, "event")?,
            attempts: number_of(item, "attempts")?,
            moment: moment(item, "moment")?,
            reason: text_of(item, "reason").ok().map(str::to_owned),
            waits_until: moment(item, "waits_until").unwrap_or(Timestamp::MAX),
        })
    }
}

fn moment(item: &Item, name: &str) -> Result<Timestamp, PortError> {
    number_of(item, name).map(Timestamp::from_millis)
}
