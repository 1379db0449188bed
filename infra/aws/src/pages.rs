//! Lists and totals of messages.
//!
//! Totals are sums of counts: of all time, or of the days asked for, and what is counted of parts of days at the ends. Messages that are to be sent are in no
//! count: they are few, and have a list of their own. A page is merged from walks through the devices' lists, each from the newest on and only through days
//! that have what is wanted; a device's walk begins when it may have the next message, so that those of devices that were quiet lately never begin.
//! So a page costs what it holds, a read for each device concerned, and, if it asks for dates or for some sorts or statuses only, one more for a device's days.
//! Where a chat or an id is asked for, all that there is of it is looked at.

mod merge;
mod narrow;
mod span;
mod survey;

use domain::{
    model::{Cursor, DeviceId, Message, MessageFilter, MessageTally, Page, PageRequest},
    ports::PortError,
};

use self::{span::Span, survey::Share};
use crate::{
    Records,
    counts::{self, Sort},
    layout, messages,
    table::text_of,
};

/// How many devices are asked at once.
const AT_ONCE: usize = 16;

/// Whole days are skipped where so many messages are.
const DEEP: u64 = 500;

/// Longest place there is; a cursor that is longer is none.
const LONGEST_PLACE: usize = 1000;

/// A message in a list.
struct Found {
    /// See [`messages::Kept`]: lists begin with the greatest.
    place: String,
    key: (String, String),
    sort: Sort,
    /// If it was looked at already.
    message: Option<Message>,
}

/// How many messages the filter wants.
pub(crate) async fn tally(records: &Records, filter: &MessageFilter) -> Result<MessageTally, PortError> {
    let devices = devices(records, filter).await?;
    if is_narrow(filter) {
        let found = narrow::all(records, filter, &devices).await?;
        return Ok(counts::tally(found.iter().map(|found| (found.sort, 1))));
    }
    let shares = survey::shares(records, filter, devices, !Span::of(filter).is_endless()).await?;
    Ok(counts::tally(shares.iter().flat_map(Share::counted)))
}

/// A page of the messages the filter wants.
pub(crate) async fn list(records: &Records, filter: &MessageFilter, page: &PageRequest) -> Result<Page<Message>, PortError> {
    let limit = page.limit.clamp(1, PageRequest::MAX_LIMIT) as usize;
    let before = page.cursor.as_ref().and_then(place_of);
    let skip = if before.is_some() { 0 } else { page.offset() };
    let devices = devices(records, filter).await?;
    let (total, mut found) = if is_narrow(filter) {
        let found = narrow::all(records, filter, &devices).await?;
        let total = found.len() as u64;
        let found = found.into_iter().filter(|found| before.is_none_or(|before| *found.place < *before));
        (total, found.skip(usize::try_from(skip).unwrap_or(usize::MAX)).take(limit + 1).collect())
    } else {
        let some = filter.direction.is_some() || filter.kind.is_some() || filter.status.is_some();
        let shares = survey::shares(records, filter, devices, some || skip >= DEEP || !Span::of(filter).is_endless()).await?;
        let total = counts::tally(shares.iter().flat_map(Share::counted)).total;
        let places = if skip < total { merge::places(records, filter, shares, before, skip, limit + 1).await? } else { Vec::new() };
        (total, places)
    };
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| Cursor(last.place.as_bytes().to_vec()));
    look_at(records, &mut found).await?;
    Ok(Page { items: found.into_iter().filter_map(|found| found.message).collect(), total, next })
}

fn is_narrow(filter: &MessageFilter) -> bool {
    filter.id.is_some() || filter.chat.is_some()
}

/// The place a cursor stands for: what is none starts at the beginning.
fn place_of(cursor: &Cursor) -> Option<&str> {
    str::from_utf8(&cursor.0).ok().filter(|place| !place.is_empty() && place.len() <= LONGEST_PLACE)
}

/// The devices whose messages the filter wants.
async fn devices(records: &Records, filter: &MessageFilter) -> Result<Vec<DeviceId>, PortError> {
    let list = match (&filter.device, filter.user) {
        (Some(device), None) => return Ok(vec![device.clone()]),
        (Some(device), Some(user)) => {
            let settings = records.table.get(&layout::device(device), "device").await?;
            let is_theirs = settings.is_some_and(|settings| text_of(&settings, "i2").is_ok_and(|list| list == layout::devices_of(user)));
            return Ok(is_theirs.then(|| device.clone()).into_iter().collect());
        }
        (None, Some(user)) => records.table.list(2, &layout::devices_of(user)),
        (None, None) => records.table.list(1, layout::DEVICES),
    };
    records.table.all(list).await?.iter().map(layout::device_of).collect()
}

/// Reads the messages that were not looked at yet. Those that are gone, or have another place by now, stay without.
async fn look_at(records: &Records, found: &mut [Found]) -> Result<(), PortError> {
    let missing: Vec<&mut Found> = found.iter_mut().filter(|found| found.message.is_none()).collect();
    let keys: Vec<_> = missing.iter().map(|found| found.key.clone()).collect();
    for (found, item) in missing.into_iter().zip(records.table.get_many(&keys).await?) {
        found.message = item.as_ref().map(messages::message_of).transpose()?;
    }
    Ok(())
}

/// Looks at them and keeps those in the status that the filter wants.
async fn keep_status(records: &Records, filter: &MessageFilter, found: &mut Vec<Found>) -> Result<(), PortError> {
    if let Some(status) = filter.status {
        look_at(records, found).await?;
        found.retain(|found| found.message.as_ref().is_some_and(|message| message.status == status));
    }
    Ok(())
}
