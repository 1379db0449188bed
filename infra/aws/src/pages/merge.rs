//! Walks through the lists of devices, newest first, and one list made of them.

use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use domain::{
    model::{DeviceId, MessageFilter},
    ports::PortError,
};
use futures::future::try_join_all;

use super::{
    AT_ONCE, Found, keep_status,
    span::Span,
    survey::{Share, Sorts},
};
use crate::{
    Records,
    counts::Sort,
    layout,
    table::{Item, text, text_of},
};

/// Most places read ahead in one walk.
const LONGEST_STRIDE: u64 = 1000;

/// How many messages of a device are wanted in a part of a day.
pub(super) async fn count(records: &Records, filter: &MessageFilter, device: &DeviceId, part: Span) -> Result<Sorts, PortError> {
    let (first, last) = part.places();
    let mut found = found(records.table.all(walk(records, device, &first, &last)).await?, filter)?;
    keep_status(records, filter, &mut found).await?;
    let mut sorts = Sorts::new();
    found.iter().for_each(|found| *sorts.entry(found.sort).or_default() += 1);
    Ok(sorts)
}

/// The next `take` messages before a place, or of all, some skipped.
pub(super) async fn places(
    records: &Records,
    filter: &MessageFilter,
    shares: Vec<Share>,
    before: Option<&str>,
    skip: u64,
    take: usize,
) -> Result<Vec<Found>, PortError> {
    let (top, mut skip) = skip_days(&shares, skip);
    let stride = skip.saturating_add(take as u64) / shares.len().max(1) as u64 + 8;
    let mut walkers: Vec<Walker> = shares.into_iter().map(|share| Walker::new(share, before, top, stride.min(LONGEST_STRIDE))).collect();
    let mut heads: BinaryHeap<(String, usize)> =
        walkers.iter().zip(0..).filter_map(|(walker, number)| Some((walker.head()?, number))).collect();
    let mut places = Vec::with_capacity(take);
    while places.len() < take
        && let Some((_, number)) = heads.pop()
    {
        if let Some(found) = walkers[number].ahead.pop_front() {
            if skip > 0 {
                skip -= 1;
            } else {
                places.push(found);
            }
            heads.extend(walkers[number].head().map(|head| (head, number)));
            continue;
        }
        // It may have the next; so may those behind it.
        let mut asked = vec![number];
        while asked.len() < AT_ONCE && heads.peek().is_some_and(|(_, number)| walkers[*number].ahead.is_empty()) {
            asked.extend(heads.pop().map(|(_, number)| number));
        }
        let asking = walkers.iter_mut().zip(0..).filter(|(_, number)| asked.contains(number));
        try_join_all(asking.map(|(walker, _)| walker.go_on(records, filter))).await?;
        heads.extend(asked.into_iter().filter_map(|number| Some((walkers[number].head()?, number))));
    }
    Ok(places)
}

/// Skips what lies in segments that are skipped as a whole: from where on there is more, and how many are left to be skipped there.
fn skip_days(shares: &[Share], mut skip: u64) -> (Option<i64>, u64) {
    let mut segments: BTreeMap<i64, u64> = BTreeMap::new();
    for (span, sorts) in shares.iter().flat_map(|share| &share.segments) {
        *segments.entry(span.since).or_default() += sorts.values().sum::<u64>();
    }
    let mut top = None;
    for (since, count) in segments.into_iter().rev() {
        if skip < count {
            break;
        }
        skip -= count;
        top = Some(since);
    }
    (top, skip)
}

/// Somebody on a walk.
struct Walker {
    device: DeviceId,
    /// The spans to go through, the newest at the end.
    spans: Vec<Span>,
    /// Where they are: all before is still to come.
    before: String,
    /// What was read ahead.
    ahead: VecDeque<Found>,
    /// What nothing that is read first lies behind.
    latest: Option<String>,
    /// How many places are read next. Who has to look further, or for something rare, takes longer strides.
    stride: u64,
}

impl Walker {
    fn new(share: Share, before: Option<&str>, top: Option<i64>, stride: u64) -> Self {
        let mut spans: Vec<Span> = Vec::new();
        for (span, _) in share.segments {
            match spans.last_mut() {
                Some(newer) if newer.since == span.until => newer.since = span.since,
                _ => spans.push(span),
            }
        }
        spans.reverse();
        for span in &mut spans {
            span.until = span.until.min(top.unwrap_or(i64::MAX));
        }
        let before = before.map_or_else(|| spans.last().map_or_else(String::new, |span| span.places().1), str::to_owned);
        let latest = spans
            .last()
            .filter(|span| share.latest < span.until)
            .map(|span| Span { until: share.latest.max(span.since), ..*span }.places().1);
        Self { device: share.device, spans, before, ahead: VecDeque::new(), latest, stride }
    }

    /// What comes next lies here, or before.
    fn head(&self) -> Option<String> {
        if let Some(found) = self.ahead.front() {
            return Some(found.place.clone());
        }
        let end = self.spans.last()?.places().1.min(self.before.clone());
        Some(self.latest.clone().map_or(end.clone(), |latest| latest.min(end)))
    }

    /// Reads ahead.
    async fn go_on(&mut self, records: &Records, filter: &MessageFilter) -> Result<(), PortError> {
        self.latest = None;
        let Some(span) = self.spans.last() else { return Ok(()) };
        let (first, last) = span.places();
        let last = last.min(self.before.clone());
        if last <= first {
            self.spans.pop();
            return Ok(());
        }
        let walk = walk(records, &self.device, &first, &last).limit(i32::try_from(self.stride).unwrap_or(i32::MAX));
        self.stride = (2 * self.stride).min(LONGEST_STRIDE);
        let (items, more) = records.table.page(walk, None).await?;
        match items.last() {
            Some(item) if more.is_some() => text_of(item, "p1")?.clone_into(&mut self.before),
            _ => drop(self.spans.pop()),
        }
        let mut ahead = found(items, filter)?;
        ahead.retain(|found| found.place < last);
        keep_status(records, filter, &mut ahead).await?;
        self.ahead = ahead.into();
        Ok(())
    }
}

/// Asks for a device's messages between two places, newest first.
fn walk(records: &Records, device: &DeviceId, first: &str, last: &str) -> QueryFluentBuilder {
    records
        .table
        .query()
        .index_name("index1")
        .key_condition_expression("i1 = :list AND p1 BETWEEN :first AND :last")
        .expression_attribute_values(":list", text(layout::messages(device)))
        .expression_attribute_values(":first", text(first))
        .expression_attribute_values(":last", text(last))
        .scan_index_forward(false)
}

/// Those of the items of the devices' lists whose sort is wanted.
fn found(items: Vec<Item>, filter: &MessageFilter) -> Result<Vec<Found>, PortError> {
    let found =
        items.iter().map(|item| Found::read(item, "p1")).filter(|found| found.as_ref().map_or(true, |found| found.sort.meets(filter)));
    found.collect()
}

impl Found {
    /// An item of an index, whose places are this attribute.
    pub(super) fn read(item: &Item, place: &str) -> Result<Self, PortError> {
        Ok(Self {
            place: text_of(item, place)?.to_owned(),
            key: (text_of(item, "pk")?.to_owned(), text_of(item, "sk")?.to_owned()),
            sort: Sort::parse(text_of(item, "sort")?)?,
            message: None,
        })
    }
}
