//! Deliveries once more, and those that wait at once.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use domain::{
    model::{DeviceId, EventId, Timestamp},
    ports::{Clock, PortError, SystemClock},
};
use futures::{StreamExt, TryStreamExt, future::ready, stream};

use super::items::{About, FAILED, Stored, WAITING, sk, waiting};
use crate::{
    Records, events, layout,
    table::{Refused, key, number, text_of},
};

/// Deliveries changed at once.
const AT_ONCE: usize = 8;

impl Records {
    /// Makes all deliveries due that wait for a later time: those that were tried.
    pub(super) async fn make_due(&self, device: &DeviceId, at: Timestamp) -> Result<(), PortError> {
        let pk = layout::device(device);
        let tried = self
            .table
            .prefix(&pk, WAITING)
            .filter_expression("attempts > :none AND moment > :at")
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":at", number(at.millis()))
            .projection_expression("sk");
        let mut changes = Vec::new();
        for item in self.table.all(tried).await? {
            let due = UpdateBuilder::default()
                .set_key(Some(key(&pk, text_of(&item, "sk")?)))
                .update_expression("SET moment = :at")
                .condition_expression("moment > :at")
                .expression_attribute_values(":at", number(at.millis()));
            changes.push(self.table.update(due));
        }
        stream::iter(changes).buffer_unordered(AT_ONCE).try_for_each(|_| ready(Ok(()))).await
    }

    pub(super) async fn replay_events(&self, device: &DeviceId, events: &[EventId], at: Timestamp) -> Result<u64, PortError> {
        let places: Vec<_> = events.iter().map(|event| self.seq_of(device, event)).collect();
        let places: Vec<_> = stream::iter(places).buffered(AT_ONCE).try_collect().await?;
        let places: BTreeSet<u64> = places.into_iter().flatten().collect();
        let pk = layout::device(device);
        let keys: Vec<_> = places.iter().map(|seq| (pk.clone(), events::sk(*seq))).collect();
        let found = places.into_iter().zip(self.table.get_many(&keys).await?);
        let found = found.filter_map(|(seq, event)| Some(About::event(&event?).map(|about| (seq, about))));
        self.put_back(device, found.collect::<Result<_, _>>()?, at).await
    }

    pub(super) async fn replay_failed(
        &self,
        device: &DeviceId,
        since: Timestamp,
        until: Timestamp,
        at: Timestamp,
    ) -> Result<u64, PortError> {
        let query = self.table.prefix(&layout::device(device), FAILED);
        let (mut replayed, mut start) = (0, None);
        loop {
            let (items, next) = self.table.page(query.clone(), start).await?;
            let failed = items.iter().map(Stored::read).collect::<Result<Vec<_>, _>>()?;
            let wanted = failed.into_iter().filter(|failed| (since..until).contains(&failed.about.at));
            replayed += self.put_back(device, wanted.map(|failed| (failed.seq, failed.about)).collect(), at).await?;
            match next {
                Some(next) => start = Some(next),
                None => return Ok(replayed),
            }
        }
    }

    /// Has the deliveries of these events wait as if never tried, as far as the events are there; answers how many.
    async fn put_back(&self, device: &DeviceId, events: Vec<(u64, About)>, at: Timestamp) -> Result<u64, PortError> {
        let (pk, lane, kept) = (layout::device(device), self.lane_of(device), SystemClock.now() + events::KEPT_FOR_DELIVERY);
        let mut changes = Vec::with_capacity(events.len());
        for (seq, about) in events {
            changes.push(self.table.transact(vec![
                self.table.to_put(waiting(device, lane, seq, &about, at), |put| put)?,
                self.table.to_delete(&pk, &sk(FAILED, seq), |delete| delete)?,
                self.keep_event(&pk, seq, kept)?,
            ]));
        }
        let (mut put_back, mut changes) = (0, stream::iter(changes).buffer_unordered(AT_ONCE));
        while let Some(changed) = changes.next().await {
            match changed {
                Ok(()) => put_back += 1,
                Err(Refused::Conditions(_)) => {}
                Err(Refused::Port(error)) => return Err(error),
            }
        }
        Ok(put_back)
    }
}
