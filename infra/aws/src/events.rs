//! Events that were stored, for who missed them.
//!
//! Those of one device lie in the order of its sequence, which is all but that of their ids: the place of an id is found by halving, in a few strongly
//! consistent reads, however many events there are. Those of all devices are in an index, in parts by their ids, which may know of one a moment late.

mod items;
mod merge;
mod places;

use async_trait::async_trait;
use domain::{
    model::{DeviceId, Event, EventId, UserId},
    ports::{EventScope, Events, PortError},
};
use futures::{StreamExt, TryStreamExt, stream};

pub(crate) use self::items::{KEPT_FOR_DELIVERY, event, item, kind, seq, sk};
use self::merge::{Source, merge};
use crate::{
    Records, layout,
    table::{Item, text, text_of},
};

/// Most events answered at once.
const MOST: u32 = 10_000;

/// Devices of a user that are looked at at once.
const AT_ONCE: usize = 16;

#[async_trait]
impl Events for Records {
    /// Of an event that was stored just now it may know a moment late.
    async fn get(&self, id: &EventId) -> Result<Option<Event>, PortError> {
        let Some(listed) = self.listed_event(id).await? else { return Ok(None) };
        let found = self.table.get(text_of(&listed, "pk")?, text_of(&listed, "sk")?).await?;
        found.as_ref().map(event).transpose()
    }

    async fn after(&self, after: &EventId, scope: &EventScope, limit: u32) -> Result<Vec<Event>, PortError> {
        let limit = limit.min(MOST) as usize;
        let items = match scope {
            EventScope::All => self.events_of_all(after, limit).await?,
            EventScope::User(user) => self.events_of_user(*user, after, limit).await?,
            EventScope::Device(device) => merge(&self.table, vec![self.events_of(device, after).await?], limit).await?,
        };
        items.iter().map(event).collect()
    }
}

impl Records {
    /// The event as the index has it.
    pub(super) async fn listed_event(&self, id: &EventId) -> Result<Option<Item>, PortError> {
        let query = self.table.list(1, &layout::events(id)).key_condition_expression("i1 = :list AND p1 = :id");
        let (found, _) = self.table.page(query.expression_attribute_values(":id", text(id.as_str())).limit(1), None).await?;
        Ok(found.into_iter().next())
    }

    /// The index says where they lie; they are read from there.
    async fn events_of_all(&self, after: &EventId, limit: usize) -> Result<Vec<Item>, PortError> {
        let part = |part| {
            let query = self.table.list(1, &layout::events_part(part)).key_condition_expression("i1 = :list AND p1 > :after");
            Source::new(query.expression_attribute_values(":after", text(after.as_str())))
        };
        let listed = merge(&self.table, (0..layout::EVENT_PARTS).map(part).collect(), limit).await?;
        let place = |item: &Item| Ok((text_of(item, "pk")?.to_owned(), text_of(item, "sk")?.to_owned()));
        let places = listed.iter().map(place).collect::<Result<Vec<_>, PortError>>()?;
        Ok(self.table.get_many(&places).await?.into_iter().flatten().collect())
    }

    /// From the partitions of the user's devices: others may have far more events.
    async fn events_of_user(&self, user: UserId, after: &EventId, limit: usize) -> Result<Vec<Item>, PortError> {
        let devices = self.table.all(self.table.list(2, &layout::devices_of(user))).await?;
        let devices = devices.iter().map(layout::device_of).collect::<Result<Vec<_>, _>>()?;
        let sources: Vec<_> = devices.iter().map(|device| self.events_of(device, after)).collect();
        merge(&self.table, stream::iter(sources).buffered(AT_ONCE).try_collect().await?, limit).await
    }

    /// Those of a device in the order of its sequence, which is that in which they became visible.
    async fn events_of(&self, device: &DeviceId, after: &EventId) -> Result<Source, PortError> {
        let first = self.seq_before(device, after).await?.saturating_add(1);
        Ok(Source::new(self.table.between(&layout::device(device), &sk(first), &sk(u64::MAX))))
    }
}
