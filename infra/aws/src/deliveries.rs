//! Events on their way to webhooks. The `Journal` puts them in.
//!
//! What waits lies in its device's partition in the order of the events, so that looking for what comes next reads what lies in front and no index. A device's
//! figures are attributes of its head that nobody else writes; each is changed in one transaction with the delivery. What waits for too long, with a webhook
//! that is paused, is given up when somebody looks: hosts look at all devices with something waiting every minute.

mod items;
mod list;
mod outcomes;
mod places;
mod replays;

use async_trait::async_trait;
use domain::{
    model::{
        Delivery, DeliveryRecord, DeliveryStatus, DeviceId, EventId, Jid, Lane, Page, PageRequest, Replay, Timestamp, WebhookSettings,
    },
    ports::{Clock, Deliveries, PortError, SystemClock},
};
use futures::future::try_join;

pub(crate) use self::{items::waiting_item, places::Places};
use self::{
    items::{Stored, WAITING},
    outcomes::Failure,
};
use crate::{
    Records,
    error::flaw,
    events,
    head::HEAD,
    layout,
    table::{Item, text, text_of},
};

/// Most deliveries read at once.
const PAGE: i32 = 200;

/// Places of an index read at once to learn whose they are.
const SURVEYED: i32 = 50;

#[async_trait]
impl Deliveries for Records {
    /// Goes from device to device, however many deliveries each has.
    async fn waiting(&self) -> Result<Vec<DeviceId>, PortError> {
        let lanes = self.lane.map_or_else(|| Lane::all(self.lanes).collect(), |lane| vec![lane]);
        let mut devices = Vec::new();
        for lane in lanes {
            let list = self.table.list(3, &layout::waiting(lane)).key_condition_expression("i3 = :list AND p3 > :after").limit(SURVEYED);
            let mut after = " ".to_owned();
            loop {
                let (found, next) = self.table.page(list.clone().expression_attribute_values(":after", text(after)), None).await?;
                for item in &found {
                    let device = layout::device_of(item)?;
                    if devices.last() != Some(&device) {
                        devices.push(device);
                    }
                }
                match found.last().filter(|_| next.is_some()) {
                    Some(last) => after = items::after(&layout::device_of(last)?),
                    None => break,
                }
            }
        }
        Ok(devices)
    }

    async fn next(&self, device: &DeviceId, held: &[Option<Jid>], limit: u32) -> Result<Vec<Delivery>, PortError> {
        let pk = layout::device(device);
        let owner = [(pk.clone(), "device".to_owned()), (pk.clone(), HEAD.to_owned())];
        let limit = limit as usize;
        let query = self.table.prefix(&pk, WAITING).limit(if held.is_empty() { limit.clamp(1, 200) as i32 } else { PAGE });
        let (owner, first) = try_join(self.table.get_many(&owner), self.table.page(query.clone(), None)).await?;
        let [Some(settings), Some(head)] = &owner[..] else { return Ok(Vec::new()) };
        let Ok(webhook) = text_of(settings, "webhook") else { return self.drop_all(&pk, first).await };
        let webhook: WebhookSettings = serde_json::from_str(webhook).map_err(flaw)?;
        let (paused, now) = (head.contains_key("paused_at"), SystemClock.now());
        let (mut deliveries, (mut page, mut start)) = (Vec::new(), first);
        loop {
            let waiting = page.iter().map(Stored::read).collect::<Result<Vec<_>, _>>()?;
            let (late, mut waiting): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|waiting| waiting.waits_until <= now);
            for late in late {
                self.expire(device, &late, now).await?;
            }
            if paused {
                return Ok(Vec::new());
            }
            waiting.retain(|waiting| !held.contains(&waiting.about.chat));
            waiting.truncate(limit - deliveries.len());
            deliveries.extend(self.with_events(device, &webhook, waiting, now).await?);
            match start {
                Some(place) if deliveries.len() < limit => (page, start) = self.table.page(query.clone(), Some(place)).await?,
                _ => return Ok(deliveries),
            }
        }
    }

    async fn succeeded(&self, device: &DeviceId, event: &EventId, at: Timestamp) -> Result<(), PortError> {
        let Some(seq) = self.delivery(device, event).await? else { return Ok(()) };
        self.succeed(device, seq, event, at).await?;
        self.places.forget(event);
        Ok(())
    }

    async fn failed(
        &self,
        device: &DeviceId,
        event: &EventId,
        at: Timestamp,
        due_at: Timestamp,
        reason: &str,
    ) -> Result<Timestamp, PortError> {
        self.fail(device, event, at, Failure::Again { due_at, reason }).await
    }

    async fn give_up(&self, device: &DeviceId, event: &EventId, at: Timestamp, reason: &str) -> Result<Timestamp, PortError> {
        let since = self.fail(device, event, at, Failure::GivenUp { reason }).await?;
        self.places.forget(event);
        Ok(since)
    }

    async fn pause(&self, device: &DeviceId, at: Timestamp) -> Result<(), PortError> {
        self.set_paused(device, at).await
    }

    async fn resume(&self, device: &DeviceId, at: Timestamp) -> Result<(), PortError> {
        self.make_due(device, at).await?;
        self.set_working(device).await
    }

    async fn list(&self, device: &DeviceId, status: Option<DeliveryStatus>, page: &PageRequest) -> Result<Page<DeliveryRecord>, PortError> {
        list::list(self, device, status, page).await
    }

    async fn replay(&self, device: &DeviceId, which: &Replay, at: Timestamp) -> Result<u64, PortError> {
        match which {
            Replay::Events(events) => self.replay_events(device, events, at).await,
            Replay::Failed { since, until } => self.replay_failed(device, *since, *until, at).await,
        }
    }
}

impl Records {
    /// The place of a delivery, which is that of its event. Who looked for what comes next has seen it.
    async fn delivery(&self, device: &DeviceId, event: &EventId) -> Result<Option<u64>, PortError> {
        match self.places.of(device, event) {
            Some(seq) => Ok(Some(seq)),
            None => self.seq_of(device, event).await,
        }
    }

    /// What is to be delivered, of what waits. Without its event there is nothing to tell: it is given up.
    async fn with_events(
        &self,
        device: &DeviceId,
        webhook: &WebhookSettings,
        waiting: Vec<Stored>,
        now: Timestamp,
    ) -> Result<Vec<Delivery>, PortError> {
        let pk = layout::device(device);
        let keys: Vec<_> = waiting.iter().map(|waiting| (pk.clone(), events::sk(waiting.seq))).collect();
        let mut deliveries = Vec::with_capacity(waiting.len());
        for (waiting, event) in waiting.into_iter().zip(self.table.get_many(&keys).await?) {
            let Some(event) = event else {
                self.expire(device, &waiting, now).await?;
                continue;
            };
            self.places.learn(device, &waiting.about.event, waiting.seq);
            deliveries.push(Delivery {
                event: events::event(&event)?,
                chat: waiting.about.chat,
                webhook: webhook.clone(),
                attempts: waiting.attempts,
                due_at: waiting.moment,
            });
        }
        Ok(deliveries)
    }

    /// Drops all that waits; of what a webhook that is set meanwhile gets, some may be among it.
    async fn drop_all(&self, pk: &str, first: (Vec<Item>, Option<Item>)) -> Result<Vec<Delivery>, PortError> {
        let (mut page, mut start) = first;
        loop {
            let deletions = page.iter().map(|item| self.table.to_removal(pk, text_of(item, "sk")?));
            self.table.write_many(deletions.collect::<Result<_, PortError>>()?).await?;
            let Some(place) = start else { return Ok(Vec::new()) };
            (page, start) = self.table.page(self.table.prefix(pk, WAITING), Some(place)).await?;
        }
    }
}
