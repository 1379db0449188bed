//! Sending, and what comes of it. A command is acknowledged only when its outcome is stored.

use std::sync::Arc;

use domain::{
    model::{Command, EventData, Message, MessageId, MessageKey, MessageStatus, Outcome, Status, Timestamp},
    ports::{Change, Received, Step},
};
use tokio::{task::JoinError, time::Instant};
use tokio_util::task::AbortOnDropHandle;
use whatsapp_rust::{ErrorChainExt, SendError};

use super::{Actor, BACKOFF, Stop, TICK, Writing, link, outbox::Job};

/// Jobs with their outcomes, stored together.
#[derive(Default)]
pub(super) struct Outcomes {
    pub steps: Vec<Step>,
    finished: Vec<(Received, Outcome)>,
}

impl Actor {
    /// Takes a text in hand, unless its outcome is known already: a command is repeated if a crash came before its acknowledgement.
    pub(super) async fn take_job(&mut self, received: Received) -> Result<(), Stop> {
        let id = match &received.envelope.command {
            Command::Send { id } => id.clone(),
            _ => return Ok(()),
        };
        let Some(message) = self.record(&id).await else {
            self.done(received, Outcome::Failed { error: "deleted".into() }).await;
            return Ok(());
        };
        match message.status {
            MessageStatus::Pending => {}
            MessageStatus::Failed => {
                let error = message.error.unwrap_or_else(|| "failed".into());
                self.done(received, Outcome::Failed { error }).await;
                return Ok(());
            }
            MessageStatus::Sent | MessageStatus::Delivered | MessageStatus::Read => {
                self.done(received, Outcome::Sent { at: message.timestamp }).await;
                return Ok(());
            }
        }
        self.outbox.push(received, message);
        if self.session.wanted && self.session.is_linked() {
            return self.give_up_expired().await;
        }
        self.give_up_all(self.session.reason.clone().as_deref().unwrap_or("disconnected")).await
    }

    pub(super) async fn record(&mut self, id: &MessageId) -> Option<Message> {
        let mut failures = 0;
        loop {
            match self.shared.ports.messages.get(&self.device, id).await {
                Ok(message) => return message,
                Err(error) => {
                    failures += 1;
                    tracing::error!(device = %self.device, message_id = %id, ?error, "a message could not be loaded");
                    tokio::time::sleep(BACKOFF.after(failures)).await;
                }
            }
        }
    }

    /// Starts writing the next text, if the device is on line and none is being written.
    pub(super) fn write_next(&mut self) {
        if self.writing.is_some() || self.session.status != Status::Connected {
            return;
        }
        let Some(link) = &self.link else { return };
        let Some(text) = self.outbox.next() else { return };
        let client = Arc::clone(&link.client);
        let id = text.id.clone();
        let task = AbortOnDropHandle::new(tokio::spawn(async move { link::write(client, &text).await }));
        self.writing = Some(Writing { id, task });
    }

    pub(super) async fn wrote(&mut self, result: Result<Result<(), SendError>, JoinError>) -> Result<(), Stop> {
        let Some(Writing { id, .. }) = self.writing.take() else { return Ok(()) };
        let error = match result {
            Ok(Ok(())) => {
                self.outbox.written(&id);
                return Ok(());
            }
            Ok(Err(error)) => error,
            Err(panic) => SendError::Internal(panic.into()),
        };
        if error.is_transport_unavailable() || matches!(error, SendError::NotLoggedIn | SendError::Client(_)) {
            tracing::info!(device = %self.device, message_id = %id, "a message waits for the connection to come back");
            self.outbox.unwritten(&id);
            return Ok(());
        }
        tracing::warn!(device = %self.device, message_id = %id, ?error, "a message could not be written");
        let given_up = match error {
            SendError::InvalidRequest(_) => self.outbox.take(&id),
            _ => self.outbox.failed(&id),
        };
        match given_up {
            Some(job) => self.give_up([job], "send_failed").await,
            None => Ok(()),
        }
    }

    /// Looks for what is overdue.
    pub(super) async fn tick(&mut self) -> Result<(), Stop> {
        self.tick_at = Instant::now() + TICK;
        self.outbox.rewrite_overdue();
        self.give_up_expired().await
    }

    async fn give_up_expired(&mut self) -> Result<(), Stop> {
        let expired = self.outbox.take_expired(self.shared.ports.clock.now());
        self.give_up(expired, "expired").await
    }

    pub(super) async fn give_up_all(&mut self, reason: &str) -> Result<(), Stop> {
        let jobs = self.outbox.take_all();
        self.give_up(jobs, reason).await
    }

    async fn give_up(&mut self, jobs: impl IntoIterator<Item = Job>, reason: &str) -> Result<(), Stop> {
        let mut outcomes = Outcomes::default();
        for job in jobs {
            self.failed(&mut outcomes, job, reason);
        }
        self.store(outcomes).await
    }

    /// WhatsApp took the message of a job.
    pub(super) fn sent(&self, outcomes: &mut Outcomes, job: Job, at: Timestamp) {
        let at = self.taken(outcomes, job.message, at);
        outcomes.finished.push((job.received, Outcome::Sent { at }));
    }

    /// WhatsApp took a message; answers when, by the clock that accepted it.
    pub(super) fn taken(&self, outcomes: &mut Outcomes, mut message: Message, at: Timestamp) -> Timestamp {
        // WhatsApp counts whole seconds, so its moment may lie before ours.
        let at = at.max(message.timestamp);
        message.status = MessageStatus::Sent;
        message.timestamp = at;
        let change = Change::Status { key: message.key(), status: MessageStatus::Sent, at, error: None };
        outcomes.steps.push(self.shared.publisher.step(change, Some(&EventData::message_sent(&message))));
        at
    }

    /// The message will not be sent.
    pub(super) fn failed(&self, outcomes: &mut Outcomes, job: Job, reason: &str) {
        let at = self.shared.ports.clock.now();
        let data = EventData::MessageStatus {
            message_id: job.message.id.clone(),
            chat_id: job.message.chat,
            status: MessageStatus::Failed,
            error: Some(reason.to_owned()),
            timestamp: at,
        };
        let change =
            Change::Status { key: MessageKey::own(job.message.id), status: MessageStatus::Failed, at, error: Some(reason.to_owned()) };
        outcomes.steps.push(self.shared.publisher.step(change, Some(&data)));
        outcomes.finished.push((job.received, Outcome::Failed { error: reason.to_owned() }));
    }

    /// Stores the outcomes, then tells whoever waits for them, then lets the commands go.
    pub(super) async fn store(&mut self, outcomes: Outcomes) -> Result<(), Stop> {
        if outcomes.steps.is_empty() {
            return Ok(());
        }
        self.publish(outcomes.steps).await?;
        let mut receipts = Vec::with_capacity(outcomes.finished.len());
        for (received, outcome) in outcomes.finished {
            self.shared.reply(&received, outcome).await;
            receipts.push(received.receipt);
        }
        self.shared.acknowledge(&receipts).await;
        Ok(())
    }

    /// The command is done, and whatever it changed is stored.
    pub(super) async fn done(&mut self, received: Received, outcome: Outcome) {
        self.shared.reply(&received, outcome).await;
        self.shared.acknowledge(&[received.receipt]).await;
    }
}
