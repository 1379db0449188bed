//! One queue in SQS, spoken to in batches.

use std::{sync::Arc, time::Duration};

use aws_sdk_sqs::{
    Client,
    types::{
        BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message, MessageAttributeValue,
        MessageSystemAttributeName, SendMessageBatchRequestEntry,
    },
};
use aws_smithy_types::timeout::TimeoutConfig;
use domain::{model::Envelope, pipeline::Backoff, ports::PortError};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::gather::Gather;
use crate::error::{flaw, unavailable};

/// Most messages of a request.
const BATCH: usize = 10;

/// Most bytes of a request that sends: 1 MiB, less what is not text.
const REQUEST_BYTES: usize = 1_000_000;

/// How long a poll waits for the first message at most: the longest there is.
const POLL: Duration = Duration::from_secs(20);

/// How long it may take to reach SQS.
const CONNECT: Duration = Duration::from_secs(3);

/// Requests at once that hold or give back what is in hand.
const CHANGES: usize = 8;

/// Tries of messages that a request was done without.
const TRIES: u32 = 5;

const BACKOFF: Backoff = Backoff { first: Duration::from_millis(50), longest: Duration::from_secs(2) };

/// Longest part of a group's name that is the device's.
const DEVICE: usize = 80;

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// What it keeps its order within.
    group: String,
    /// The same for what is the same: within five minutes, SQS takes it once.
    same: String,
    body: String,
}

impl Entry {
    pub fn of(envelope: &Envelope) -> Result<Self, PortError> {
        // A request that is made again after the first was done is another one, under the same id.
        Self::known_by(envelope, &format!("{}\n{}", envelope.id, envelope.accepted_at.millis()))
    }

    /// One that is sent when it is due: whatever was put off is another one each time.
    pub fn later(envelope: &Envelope) -> Result<Self, PortError> {
        Self::known_by(envelope, &format!("{}\n{}\n{}", envelope.id, envelope.accepted_at.millis(), envelope.due_at.millis()))
    }

    fn known_by(envelope: &Envelope, same: &str) -> Result<Self, PortError> {
        // SQS takes all of Unicode but these, which stand in texts alone, if anywhere.
        let body = serde_json::to_string(envelope).map_err(flaw)?.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff");
        Ok(Self { group: group(envelope), same: hex::encode(Sha256::digest(same)), body })
    }

    /// What could not be read, as it came.
    pub fn unread(group: &str, body: &str) -> Self {
        Self { group: group.to_owned(), same: hex::encode(Sha256::digest(body)), body: body.to_owned() }
    }
}

/// What becomes of a message within a request that was done.
enum Outcome {
    Done,
    /// The message itself cannot be dealt with, however often it is tried.
    Refused(String),
    Failed(String),
}

/// One queue. Has to be made within a runtime.
pub(crate) struct Queue {
    requests: Arc<Requests>,
    sends: Gather<Entry>,
    deletions: Gather<String>,
}

impl Queue {
    pub fn new(client: &Client, patient: &Client, url: &str) -> Self {
        let requests = Arc::new(Requests { client: client.clone(), patient: patient.clone(), url: url.to_owned() });
        let (sending, deleting) = (requests.clone(), requests.clone());
        Self {
            requests,
            sends: Gather::new(BATCH, move |entries| {
                let requests = sending.clone();
                async move { requests.send(&entries).await }
            }),
            deletions: Gather::new(BATCH, move |handles| {
                let requests = deleting.clone();
                async move { requests.delete(&handles).await }
            }),
        }
    }

    /// Sends a message after those that were sent before by this process.
    pub async fn send(&self, entry: Entry) -> Result<(), PortError> {
        self.sends.bring(entry).await
    }

    /// Sends a message that says why it is there.
    pub async fn send_for(&self, entry: &Entry, reason: &str) -> Result<(), PortError> {
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(1_000).collect();
        let reason = if reason.is_empty() { "unknown".to_owned() } else { reason };
        let reason = MessageAttributeValue::builder().data_type("String").string_value(reason).build().map_err(flaw)?;
        let Requests { client, url, .. } = &*self.requests;
        let request = client.send_message().queue_url(url).message_group_id(&entry.group).message_deduplication_id(&entry.same);
        request.message_body(&entry.body).message_attributes("reason", reason).send().await.map_err(unavailable)?;
        Ok(())
    }

    /// Waits for messages, which are out of others' sight for as long as `visibility` then. A poll that is broken off may strand some for that time, so that
    /// who stops waits for the last one: it takes no longer than that, however long `wait` is.
    pub async fn receive(&self, visibility: Duration, wait: Duration) -> Result<Vec<Message>, PortError> {
        let Requests { patient, url, .. } = &*self.requests;
        let request = patient
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(BATCH as i32)
            .wait_time_seconds(seconds(wait.min(visibility).min(POLL)))
            .visibility_timeout(seconds(visibility))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::MessageGroupId)
            // Has a repetition of the request bring what an answer that was lost had brought.
            .receive_request_attempt_id(hex::encode(rand::random::<[u8; 16]>()));
        Ok(request.send().await.map_err(unavailable)?.messages.unwrap_or_default())
    }

    /// Deletes a received message; one that is received no longer is fine.
    pub async fn delete(&self, handle: String) -> Result<(), PortError> {
        self.deletions.bring(handle).await
    }

    /// Has received messages come again after a while, unless that is changed again; those that are received no longer are fine.
    pub async fn change(&self, handles: &[String], visibility: Duration) -> Result<(), PortError> {
        let changes = handles.chunks(BATCH).map(|handles| self.requests.change(handles.to_vec(), visibility));
        let mut outcomes = stream::iter(changes.collect::<Vec<_>>()).buffered(CHANGES);
        let mut whole = Ok(());
        while let Some(outcome) = outcomes.next().await {
            whole = whole.and(outcome);
        }
        whole
    }
}

/// The same client for requests that wait on purpose.
pub(super) fn patient(client: &Client) -> Client {
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(POLL * 3 / 2).build();
    Client::from_conf(client.config().to_builder().timeout_config(timeouts).build())
}

struct Requests {
    client: Client,
    /// For polls.
    patient: Client,
    url: String,
}

impl Requests {
    async fn send(&self, entries: &[Entry]) -> Vec<Result<(), PortError>> {
        let mut outcomes = Vec::with_capacity(entries.len());
        let mut rest = entries;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fitting = rest.iter().take_while(|entry| {
                bytes += entry.body.len();
                bytes <= REQUEST_BYTES
            });
            let (now, later) = rest.split_at(fitting.count().max(1));
            let sent = in_tries(now.len(), |places| {
                let entry = |place: &usize| {
                    let Entry { group, same, body } = &now[*place];
                    let entry = SendMessageBatchRequestEntry::builder().id(place.to_string()).message_body(body);
                    entry.message_group_id(group).message_deduplication_id(same).build().expect("it has an id and a body")
                };
                let request = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(places.iter().map(entry).collect()));
                async move { Ok(request.send().await.map_err(unavailable)?.failed) }
            });
            outcomes.extend(sent.await.into_iter().map(|outcome| match outcome {
                Outcome::Done => Ok(()),
                Outcome::Refused(why) | Outcome::Failed(why) => Err(flaw(why)),
            }));
            rest = later;
        }
        outcomes
    }

    async fn delete(&self, handles: &[String]) -> Vec<Result<(), PortError>> {
        let deleted = in_tries(handles.len(), |places| {
            let entry = |place: &usize| {
                let entry = DeleteMessageBatchRequestEntry::builder().id(place.to_string()).receipt_handle(&handles[*place]);
                entry.build().expect("it has an id and a handle")
            };
            let request = self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(places.iter().map(entry).collect()));
            async move { Ok(request.send().await.map_err(unavailable)?.failed) }
        });
        deleted.await.into_iter().map(unless_failed).collect()
    }

    async fn change(&self, handles: Vec<String>, visibility: Duration) -> Result<(), PortError> {
        let changed = in_tries(handles.len(), |places| {
            let entry = |place: &usize| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(place.to_string()).receipt_handle(&handles[*place]);
                entry.visibility_timeout(seconds(visibility)).build().expect("it has an id and a handle")
            };
            let entries = places.iter().map(entry).collect();
            let request = self.client.change_message_visibility_batch().queue_url(&self.url).set_entries(Some(entries));
            async move { Ok(request.send().await.map_err(unavailable)?.failed) }
        });
        changed.await.into_iter().try_for_each(unless_failed)
    }
}

/// Does a request for `count` messages, and again for those that it was done without.
async fn in_tries<F>(count: usize, request: impl Fn(&[usize]) -> F) -> Vec<Outcome>
where
    F: Future<Output = Result<Vec<BatchResultErrorEntry>, PortError>>,
{
    let mut outcomes: Vec<Outcome> = (0..count).map(|_| Outcome::Done).collect();
    let mut left: Vec<usize> = (0..count).collect();
    for tries in 1..=TRIES {
        let failed = match request(&left).await {
            Ok(failed) => failed,
            Err(error) => {
                let why = match error {
                    PortError::Unavailable(source) => source.to_string(),
                    error @ PortError::Fenced => error.to_string(),
                };
                left.iter().for_each(|place| outcomes[*place] = Outcome::Failed(why.clone()));
                break;
            }
        };
        left.drain(..).for_each(|place| outcomes[place] = Outcome::Done);
        for entry in failed {
            let Some(place) = entry.id.parse().ok().filter(|place| *place < count) else { continue };
            let why = format!("{}: {}", entry.code, entry.message.unwrap_or_default());
            if entry.sender_fault {
                outcomes[place] = Outcome::Refused(why);
            } else {
                outcomes[place] = Outcome::Failed(why);
                left.push(place);
            }
        }
        if left.is_empty() || tries == TRIES {
            break;
        }
        tokio::time::sleep(BACKOFF.after(tries)).await;
    }
    outcomes
}

/// For what may have been received by somebody else meanwhile.
fn unless_failed(outcome: Outcome) -> Result<(), PortError> {
    match outcome {
        Outcome::Done | Outcome::Refused(_) => Ok(()),
        Outcome::Failed(why) => Err(flaw(why)),
    }
}

/// Whole seconds, so that nothing comes earlier.
fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis().div_ceil(1_000)).unwrap_or(i32::MAX)
}

/// A group's name within what SQS takes: the device for people to see, and a digest of the whole.
fn group(envelope: &Envelope) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let device: String = envelope.device_id.as_str().chars().filter(plain).take(DEVICE).collect();
    let digest = Sha256::digest(envelope.group());
    format!("{device}:{}", hex::encode(&digest[..16]))
}
