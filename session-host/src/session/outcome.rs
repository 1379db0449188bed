//! Sending, and what comes of it. A command is acknowledged only when its outcome is stored.

use std::sync::Arc;

use domain::{
    model::{Command, DeleteMessage, EditMessage, EventData, Message, MessageId, MessageKey, MessageStatus, Outcome, Timestamp},
    pipeline::Publisher,
    ports::{Change, Received, Step},
};
use tokio::time::Instant;

use super::{
    Actor, BACKOFF, Stop, TICK,
    outbox::{Job, Outgoing},
};

/// Jobs with their outcomes, stored together.
#[derive(Default)]
pub(super) struct Outcomes {
    steps: Vec<Step>,
    finished: Vec<(Received, Outcome)>,
}

impl Outcomes {
    /// A change, and the event that tells of it.
    pub fn push(&mut self, publisher: &Publisher, change: Change, data: Option<EventData>) {
        self.steps.push(publisher.step(change, data.as_ref()));
    }
}

impl Actor {
    /// Takes in hand what is to go out, unless its outcome is known already: a command is repeated if a crash came before its
    /// acknowledgement.
    pub(super) async fn take_job(&mut self, received: Received) -> Result<(), Stop> {
        let at = received.envelope.accepted_at;
        let outgoing = match &received.envelope.command {
            Command::Send { id, .. } => self.message(id).await,
            Command::Edit(edit) => self.edit(edit, at).await,
            Command::Delete(delete) => self.deletion(delete).await,
            _ => return Ok(()),
        };
        match outgoing {
            Ok(outgoing) => {
                if let Some(again) = self.outbox.push(received, outgoing) {
                    self.shared.acknowledge(&[again.receipt]).await;
                    return Ok(());
                }
            }
            Err(outcome) => {
                self.done(received, outcome).await;
                return Ok(());
            }
        }
        if self.session.wanted && self.session.is_linked() {
            self.give_up_expired().await?;
            self.put_off_early().await;
            return Ok(());
        }
        self.give_up_all(self.session.reason.clone().as_deref().unwrap_or("disconnected")).await
    }

    async fn message(&self, id: &MessageId) -> Result<Outgoing, Outcome> {
        let message = self.record(id).await.ok_or_else(|| failed("deleted"))?;
        match message.status {
            MessageStatus::Pending => Ok(Outgoing::Message(message)),
            MessageStatus::Failed => Err(failed(message.error.as_deref().unwrap_or("failed"))),
            MessageStatus::Sent | MessageStatus::Delivered | MessageStatus::Read => Err(Outcome::Sent { at: message.timestamp }),
        }
    }

    async fn edit(&self, edit: &EditMessage, at: Timestamp) -> Result<Outgoing, Outcome> {
        let target = self.record(&edit.target).await.ok_or_else(|| failed("deleted"))?;
        if target.edited_at.is_some_and(|edited_at| edited_at >= at) {
            return Err(Outcome::Sent { at });
        }
        Ok(Outgoing::Edit { edit: edit.clone(), target, at })
    }

    async fn deletion(&self, delete: &DeleteMessage) -> Result<Outgoing, Outcome> {
        let target = self.record(&delete.target.id).await.filter(|target| target.key() == delete.target);
        match target.and_then(|target| target.deleted_at) {
            Some(at) => Err(Outcome::Sent { at }),
            None => Ok(Outgoing::Delete(delete.clone())),
        }
    }

    /// A message's record, however long the store takes to come back.
    pub(super) async fn record(&self, id: &MessageId) -> Option<Message> {
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

    /// Looks for what is overdue.
    pub(super) async fn tick(&mut self) -> Result<(), Stop> {
        self.tick_at = Instant::now() + TICK;
        self.outbox.rewrite_overdue();
        self.give_up_expired().await
    }

    pub(super) async fn give_up_expired(&mut self) -> Result<(), Stop> {
        let expired = self.outbox.take_expired(self.shared.ports.clock.now());
        self.give_up(expired, "expired").await
    }

    pub(super) async fn give_up_all(&mut self, reason: &str) -> Result<(), Stop> {
        let jobs = self.outbox.take_all();
        self.give_up(jobs, reason).await
    }

    pub(super) async fn give_up(&mut self, jobs: impl IntoIterator<Item = Job>, reason: &str) -> Result<(), Stop> {
        let mut outcomes = Outcomes::default();
        for job in jobs {
            self.failed(&mut outcomes, job, reason);
        }
        self.store(outcomes).await
    }

    /// WhatsApp took what a job sent.
    pub(super) async fn sent(&self, outcomes: &mut Outcomes, job: Job, at: Timestamp) {
        let at = match Arc::unwrap_or_clone(job.outgoing) {
            Outgoing::Message(message) => {
                // By our own clock: WhatsApp counts whole seconds.
                let late = self.shared.ports.clock.now().since(message.due_at.unwrap_or(message.timestamp));
                metrics::histogram!("warta_message_send_seconds").record(late.as_secs_f64());
                job.span.in_scope(|| self.taken(outcomes, message, at))
            }
            Outgoing::Edit { edit, target, at } => {
                let edited = self.record(&target.id).await.map(|mut target| {
                    target.set_text(edit.text.clone());
                    target.edited_at = Some(at);
                    EventData::message_edited(&target)
                });
                outcomes.push(&self.shared.publisher, Change::Edited { key: target.key(), text: edit.text, at }, edited);
                at
            }
            Outgoing::Delete(delete) => {
                let at = at.max(job.received.envelope.accepted_at);
                let target = self.record(&delete.target.id).await.filter(|target| target.key() == delete.target);
                let deleted = target.map(|target| EventData::message_deleted(&Message { deleted_at: Some(at), ..target }));
                outcomes.push(&self.shared.publisher, Change::Deleted { key: delete.target, at }, deleted);
                at
            }
        };
        outcomes.finished.push((job.received, Outcome::Sent { at }));
    }

    /// WhatsApp took a message; answers when, by the clock that accepted it.
    pub(super) fn taken(&self, outcomes: &mut Outcomes, mut message: Message, at: Timestamp) -> Timestamp {
        // WhatsApp counts whole seconds, so its moment may lie before ours.
        let at = at.max(message.timestamp);
        message.status = MessageStatus::Sent;
        message.timestamp = at;
        metrics::counter!("warta_messages_sent_total").increment(1);
        let change = Change::Status { key: message.key(), status: MessageStatus::Sent, at, error: None };
        outcomes.push(&self.shared.publisher, change, Some(EventData::message_sent(&message)));
        at
    }

    /// What a job was to send will not be sent.
    pub(super) fn failed(&self, outcomes: &mut Outcomes, job: Job, reason: &str) {
        job.span.record("error", reason);
        if let Outgoing::Message(message) = &*job.outgoing {
            job.span.in_scope(|| self.lost(outcomes, message, reason));
        }
        outcomes.finished.push((job.received, failed(reason)));
    }

    /// A message will not be sent.
    pub(super) fn lost(&self, outcomes: &mut Outcomes, message: &Message, reason: &str) {
        metrics::counter!("warta_messages_failed_total", "reason" => reason.to_owned()).increment(1);
        let (at, status) = (self.shared.ports.clock.now(), MessageStatus::Failed);
        let error = Some(reason.to_owned());
        let data = EventData::MessageStatus {
            message_id: message.id.clone(),
            chat_id: message.chat.clone(),
            status,
            error: error.clone(),
            timestamp: at,
        };
        let change = Change::Status { key: MessageKey::own(message.id.clone()), status, at, error };
        outcomes.push(&self.shared.publisher, change, Some(data));
    }

    /// Stores the outcomes, then tells whoever waits for them, then lets the commands go.
    pub(super) async fn store(&mut self, outcomes: Outcomes) -> Result<(), Stop> {
        if !outcomes.steps.is_empty() {
            let learned = std::mem::take(&mut self.learned);
            let mut steps: Vec<_> = learned.iter().map(|change| self.shared.publisher.step(change.clone(), None)).collect();
            steps.extend(outcomes.steps);
            self.publish(steps).await?;
            self.inbox.people.told(&learned);
        }
        let mut receipts = Vec::with_capacity(outcomes.finished.len());
        for (received, outcome) in outcomes.finished {
            self.shared.reply(&received, outcome).await;
            receipts.push(received.receipt);
        }
        self.shared.acknowledge(&receipts).await;
        Ok(())
    }

    /// The command is done, and whatever it changed is stored.
    pub(super) async fn done(&self, received: Received, outcome: Outcome) {
        self.shared.reply(&received, outcome).await;
        self.shared.acknowledge(&[received.receipt]).await;
    }
}

/// The outcome of what could not be done.
pub(super) fn failed(error: &str) -> Outcome {
    Outcome::Failed { error: error.to_owned() }
}
