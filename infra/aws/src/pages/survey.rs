//! How many messages of each device are wanted, and where in time.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{
    model::{DeviceId, Direction, MessageFilter, MessageStatus, Timestamp},
    ports::PortError,
};
use futures::{StreamExt, TryStreamExt, stream};

use super::{AT_ONCE, merge, span::Span};
use crate::{
    Records,
    counts::{self, Counted, Counts, DAY_MS, Day, Sort},
    head::{HEAD, Head},
    layout,
    table::{text, text_of},
};

/// So many messages of each sort; none of those that are not named.
pub(super) type Sorts = BTreeMap<Sort, u64>;

/// What a device has of the messages that are wanted.
pub(super) struct Share {
    pub device: DeviceId,
    /// Where they are, newest first. All shares are cut in the same places.
    pub segments: Vec<(Span, Sorts)>,
    /// None is later.
    pub latest: i64,
}

impl Share {
    pub fn counted(&self) -> impl Iterator<Item = (Sort, u64)> {
        self.segments.iter().flat_map(|(_, sorts)| sorts.iter().map(|(sort, count)| (*sort, *count)))
    }
}

/// What each of these devices has, by day if that is asked for, those left out that have nothing.
pub(super) async fn shares(
    records: &Records,
    filter: &MessageFilter,
    devices: Vec<DeviceId>,
    by_day: bool,
) -> Result<Vec<Share>, PortError> {
    let span = Span::of(filter);
    if span.is_empty() {
        return Ok(Vec::new());
    }
    // First, so that what moves on meanwhile is rather counted twice than not at all.
    let mut pending = pending(records, filter, &devices).await?;
    let keys: Vec<_> = devices.iter().map(|device| (layout::device(device), HEAD.to_owned())).collect();
    let heads = records.table.get_many(&keys).await?;
    let mut there = Vec::with_capacity(devices.len());
    for (device, head) in devices.into_iter().zip(heads) {
        let Some(head) = head else { continue };
        let counts = Head::counts(&head)?;
        let pending = pending.remove(&device).unwrap_or_default();
        let mut all = wanted(filter, &counts.all);
        pending.iter().for_each(|(sort, _)| *all.entry(*sort).or_default() += 1);
        if all.is_empty() {
            continue;
        }
        let latest = if pending.is_empty() { latest(&counts) } else { span.until };
        there.push((Share { device, segments: vec![(span, all)], latest }, counts, pending));
    }
    if !by_day {
        return Ok(there.into_iter().map(|(share, ..)| share).collect());
    }
    let cut: Vec<_> = there.into_iter().map(|(share, counts, pending)| cut(records, filter, share, counts, pending)).collect();
    let shares: Vec<Share> = stream::iter(cut).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(shares.into_iter().filter(|share| !share.segments.is_empty()).collect())
}

/// Those of the wanted messages that are to be sent: their sorts, and when they were written.
async fn pending(
    records: &Records,
    filter: &MessageFilter,
    devices: &[DeviceId],
) -> Result<HashMap<DeviceId, Vec<(Sort, Timestamp)>>, PortError> {
    let mut pending: HashMap<DeviceId, Vec<(Sort, Timestamp)>> = HashMap::new();
    if filter.direction == Some(Direction::Incoming) || filter.status.is_some_and(|status| status != MessageStatus::Pending) {
        return Ok(pending);
    }
    let lanes: HashSet<_> = devices.iter().map(|device| records.lane_of(device)).collect();
    for lane in lanes {
        let mut list = records.table.list(3, &layout::pending(lane));
        if let [device] = devices {
            list = list.filter_expression("pk = :pk").expression_attribute_values(":pk", text(layout::device(device)));
        }
        for item in records.table.all(list).await? {
            let sort = Sort::parse(text_of(&item, "sort")?)?;
            if sort.meets(filter)
                && let Some((written, _)) = layout::sent_to(text_of(&item, "p3")?)
            {
                pending.entry(layout::device_of(&item)?).or_default().push((sort, written));
            }
        }
    }
    Ok(pending)
}

/// No counted message is later.
fn latest(counts: &Counts) -> i64 {
    let day = counts.days.last_key_value().map(|(day, _)| day + 1).or(counts.since());
    day.map_or(i64::MAX, |day| day * DAY_MS)
}

fn wanted(filter: &MessageFilter, counted: &Counted) -> Sorts {
    let mut sorts = Sorts::new();
    for (class, count) in counted.iter().filter(|(class, _)| class.meets(filter)) {
        *sorts.entry(class.sort).or_default() += count;
    }
    sorts
}

/// Counts day by day, and message by message where only a part of a day is wanted.
async fn cut(
    records: &Records,
    filter: &MessageFilter,
    share: Share,
    counts: Counts,
    pending: Vec<(Sort, Timestamp)>,
) -> Result<Share, PortError> {
    let span = Span::of(filter);
    let (first, last) = span.days();
    let mut days = items(records, &share.device, first, last.min(counts.since().unwrap_or(Day::MIN + 1) - 1)).await?;
    days.extend(counts.days.range(first..=last).map(|(day, counted)| (*day, counted.clone())));
    let mut days: BTreeMap<Day, Sorts> = days.into_iter().map(|(day, counted)| (day, wanted(filter, &counted))).collect();
    for (sort, written) in pending {
        *days.entry(counts::day(written)).or_default().entry(sort).or_default() += 1;
    }
    let mut segments = Vec::new();
    for (day, sorts) in days.into_iter().rev().filter(|(day, sorts)| (first..=last).contains(day) && !sorts.is_empty()) {
        let (part, is_whole) = span.part(day);
        let sorts = if is_whole { sorts } else { merge::count(records, filter, &share.device, part).await? };
        if !sorts.is_empty() {
            segments.push((part, sorts));
        }
    }
    Ok(Share { segments, ..share })
}

/// The counts of days that have items of their own.
async fn items(records: &Records, device: &DeviceId, first: Day, last: Day) -> Result<BTreeMap<Day, Counted>, PortError> {
    if last < first {
        return Ok(BTreeMap::new());
    }
    let days = records.table.between(&layout::device(device), &counts::day_sk(first), &counts::day_sk(last));
    records.table.all(days).await?.iter().map(counts::day_of).collect()
}
