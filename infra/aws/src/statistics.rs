//! Figures of all there is. What they cost grows with the devices, and with the commands and deliveries that wait; with messages it does not.

use async_trait::async_trait;
use aws_sdk_sqs::types::QueueAttributeName;
use domain::{
    model::{Lane, MessageFilter, Status, Timestamp},
    ports::{PortError, Snapshot, Statistics},
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{Clients, Records, Resources, error::unavailable, layout, pages};

/// How many lanes are looked at at once.
const AT_ONCE: usize = 8;

/// A command that was accepted is in one of them.
const WAITING: [QueueAttributeName; 3] = [
    QueueAttributeName::ApproximateNumberOfMessages,
    QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    QueueAttributeName::ApproximateNumberOfMessagesDelayed,
];

/// The records, and the queues of the lanes.
#[derive(Clone)]
pub struct Figures {
    records: Records,
    sqs: aws_sdk_sqs::Client,
    queues: Vec<String>,
}

impl Figures {
    /// Those of a stack.
    pub fn new(clients: &Clients, resources: &Resources, records: &Records) -> Self {
        Self { records: records.clone(), sqs: clients.sqs(), queues: resources.command_queues.clone() }
    }

    /// Commands in a lane's queue, as SQS saw them within the last minute, and those that are not due yet.
    async fn commands(&self, lane: Lane) -> Result<u64, PortError> {
        let queued = async {
            let Some(url) = self.queues.get(usize::from(lane.0)) else { return Ok(0) };
            let answer = self.sqs.get_queue_attributes().queue_url(url).set_attribute_names(Some(WAITING.into())).send().await;
            let figures = answer.map_err(unavailable)?.attributes.unwrap_or_default();
            Ok(figures.values().filter_map(|figure| figure.parse::<u64>().ok()).sum())
        };
        let scheduled = self.records.table.count(self.records.table.prefix(&layout::lane(lane), "").consistent_read(false));
        let (queued, scheduled): (u64, u64) = tokio::try_join!(queued, scheduled)?;
        Ok(queued + scheduled)
    }

    async fn deliveries(&self, lane: Lane) -> Result<u64, PortError> {
        self.records.table.count(self.records.table.list(3, &layout::waiting(lane))).await
    }

    async fn sum<F: Future<Output = Result<u64, PortError>>>(&self, of: impl Fn(Lane) -> F) -> Result<u64, PortError> {
        let figures = stream::iter(Lane::all(self.records.lanes).map(of)).buffer_unordered(AT_ONCE);
        figures.try_fold(0, |sum, figure| async move { Ok(sum + figure) }).await
    }
}

#[async_trait]
impl Statistics for Figures {
    async fn snapshot(&self, since: Timestamp) -> Result<Snapshot, PortError> {
        let all = MessageFilter::default();
        let recent = MessageFilter { since: Some(since), ..all.clone() };
        let (statuses, total, recent, waiting_commands, waiting_deliveries) = tokio::try_join!(
            self.records.statuses(),
            pages::tally(&self.records, &all),
            pages::tally(&self.records, &recent),
            self.sum(|lane| self.commands(lane)),
            self.sum(|lane| self.deliveries(lane)),
        )?;
        Ok(Snapshot {
            devices: statuses.len() as u64,
            active_devices: statuses.iter().filter(|status| **status == Status::Connected).count() as u64,
            total_messages: total.total,
            recent_messages: recent.total,
            waiting_commands,
            waiting_deliveries,
        })
    }
}
