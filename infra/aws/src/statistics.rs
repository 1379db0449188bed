//! Figures of all there is. What they cost grows with the devices, and with the commands and deliveries that wait; with messages it does not.

use async_trait::async_trait;
use aws_sdk_sqs::types::QueueAttributeName;
use domain::{
    model::{Lane, MessageFilter, Status, Timestamp},
    ports::{PortError, Snapshot, Statistics},
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{Clients, Records, Resources, error::unavailable, head::Head, layout, pages};

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

    /// What stands in a list of each lane.
    async fn listed(&self, list: fn(Lane) -> String) -> Result<u64, PortError> {
        self.sum(async |lane| self.records.table.count(self.records.table.list(3, &list(lane))).await).await
    }

    async fn sum<F: Future<Output = Result<u64, PortError>>>(&self, of: impl Fn(Lane) -> F) -> Result<u64, PortError> {
        let figures = stream::iter(Lane::all(self.records.lanes).map(of)).buffer_unordered(AT_ONCE);
        figures.try_fold(0, |sum, figure| async move { Ok(sum + figure) }).await
    }
}

#[async_trait]
impl Statistics for Figures {
    async fn snapshot(&self, since: Timestamp) -> Result<Snapshot, PortError> {
        let recent = MessageFilter { since: Some(since), ..MessageFilter::default() };
        let (heads, recent, pending, waiting_commands, waiting_deliveries) = tokio::try_join!(
            self.records.heads(),
            pages::tally(&self.records, &recent),
            self.listed(layout::pending),
            self.sum(|lane| self.commands(lane)),
            self.listed(layout::waiting),
        )?;
        let (mut active_devices, mut total_messages) = (0, pending);
        for head in &heads {
            active_devices += u64::from(Head::session(head)?.status == Status::Connected);
            total_messages += Head::counts(head)?.all.values().sum::<u64>();
        }
        Ok(Snapshot {
            devices: heads.len() as u64,
            active_devices,
            total_messages,
            recent_messages: recent.total,
            waiting_commands,
            waiting_deliveries,
        })
    }
}
