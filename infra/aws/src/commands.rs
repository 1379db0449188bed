//! The queues between the API and the hosts: one a lane, and a table of what is not due yet.

mod gather;
mod hand;
mod queue;
mod source;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    model::{Envelope, Lane},
    ports::{Clock, CommandSink, CommandSource, PortError, Received, SystemClock},
};
use futures::future::try_join_all;

pub(crate) use self::queue::Entry;
use self::{queue::Queue, source::Source};
use crate::{Clients, Resources, error::flaw, schedule::Schedule};

/// How long what a dead host had in hand is out of others' sight.
const VISIBILITY: Duration = Duration::from_secs(30);

/// Sink of all lanes, and source of all or of one. Clones share what is in hand; it is given back when the last of them is dropped.
#[derive(Clone)]
pub struct Queues {
    lanes: Arc<Lanes>,
    source: Arc<Source>,
}

/// The queues of all lanes, and what goes in there later.
struct Lanes {
    queues: Vec<Queue>,
    dead: Queue,
    schedule: Schedule,
}

impl Queues {
    /// Sink and source of all lanes. Has to be made within a runtime; asks nothing of anybody yet.
    pub fn new(clients: &Clients, resources: &Resources) -> Self {
        let client = clients.sqs();
        let patient = queue::patient(&client);
        let lanes = Lanes {
            queues: resources.command_queues.iter().map(|url| Queue::new(&client, &patient, url)).collect(),
            dead: Queue::new(&client, &patient, &resources.dead_commands_queue),
            schedule: Schedule::new(clients, resources),
        };
        let all = Lane::all(resources.lanes()).collect();
        Self { lanes: Arc::new(lanes), source: Arc::new(Source::new(all, VISIBILITY)) }
    }

    /// Source of the commands of one lane alone, with hands of its own; sink of all. For the host of the lane.
    pub fn of_lane(&self, lane: Lane) -> Self {
        Self { lanes: self.lanes.clone(), source: Arc::new(Source::new(vec![lane], self.source.visibility)) }
    }

    /// With hands of its own, and another time than 30 s after which what a dead host had in hand is handed out again. Whole seconds.
    pub fn with_visibility(self, visibility: Duration) -> Self {
        Self { source: Arc::new(Source::new(self.source.lanes.clone(), visibility.max(Duration::from_secs(1)))), lanes: self.lanes }
    }

    /// Takes no more commands; those in hand stay so. `receive` waits for ever from now on.
    pub fn stop(&self) {
        self.source.stop();
    }

    /// Takes no more commands, and gives back all that are in hand, for the lane's next host to have at once.
    pub async fn release_all(&self) {
        self.source.release_all(&self.lanes).await;
    }

    /// The lane is another host's: holds nothing any longer, and touches nothing that was handed out.
    pub fn abandon(&self) {
        self.source.abandon();
    }

    /// After one of the three above: waits until the last poll has come home and what it brought is given back, at most 20 s. A program that ends
    /// earlier may take commands with it, which come again only after 30 s.
    pub async fn closed(&self) {
        self.source.closed().await;
    }
}

#[async_trait]
impl CommandSink for Queues {
    async fn enqueue(&self, envelope: &Envelope) -> Result<(), PortError> {
        let lanes = u16::try_from(self.lanes.queues.len()).unwrap_or(u16::MAX);
        let lane = Lane::of(&envelope.device_id, lanes);
        if envelope.due_at > SystemClock.now() {
            return self.lanes.schedule.put(lane, envelope, &Entry::later(envelope)?).await;
        }
        self.lanes.queue(lane)?.send(Entry::of(envelope)?).await
    }
}

#[async_trait]
impl CommandSource for Queues {
    async fn receive(&self, max: usize) -> Result<Vec<Received>, PortError> {
        if max == 0 {
            return Ok(Vec::new());
        }
        Ok(self.source.receive(&self.lanes, max).await)
    }

    async fn acknowledge(&self, receipts: &[String]) -> Result<(), PortError> {
        let deletions = receipts.iter().filter_map(|receipt| Some((receipt, self.source.find(receipt)?)));
        try_join_all(deletions.map(async |(receipt, held)| {
            self.lanes.queue(held.lane)?.delete(held.handle).await?;
            self.source.done(receipt);
            Ok::<_, PortError>(())
        }))
        .await
        .map(drop)
    }

    async fn retry(&self, receipt: &str, delay: Duration) -> Result<(), PortError> {
        self.source.give_again(&self.lanes, receipt, delay).await
    }

    async fn bury(&self, receipt: &str, reason: &str) -> Result<(), PortError> {
        let Some(held) = self.source.find(receipt) else { return Ok(()) };
        self.lanes.put_aside(held.lane, &Entry::of(&held.received.envelope)?, held.handle, reason).await?;
        self.source.done(receipt);
        Ok(())
    }
}

impl Lanes {
    fn queue(&self, lane: Lane) -> Result<&Queue, PortError> {
        self.queues.get(usize::from(lane.0)).ok_or_else(|| flaw(format!("there is no queue for lane {lane}")))
    }

    async fn put_aside(&self, lane: Lane, entry: &Entry, handle: String, reason: &str) -> Result<(), PortError> {
        self.dead.send_for(entry, reason).await?;
        self.queue(lane)?.delete(handle).await
    }

    /// Sends commands that have become due; `true` if there may be more.
    async fn move_due(&self, lane: Lane) -> Result<bool, PortError> {
        let (queue, due) = (self.queue(lane)?, self.schedule.due(lane, SystemClock.now()).await?);
        // Sent first: one that is sent again for want of being forgotten is taken once.
        try_join_all(due.entries.iter().map(|entry| queue.send(entry.clone()))).await?;
        self.schedule.forget(&due).await?;
        Ok(due.more)
    }
}
