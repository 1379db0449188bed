//! What becomes of deliveries, with the figures of their webhooks.

use std::time::Duration;

use aws_sdk_dynamodb::types::{TransactWriteItem, builders::UpdateBuilder};
use domain::{
    model::{DeviceId, EventId, Timestamp},
    ports::{Clock, PortError, SystemClock},
};

use super::items::{FAILURES_KEPT, Stored, WAITING, failed, sk, waits_until};
use crate::{
    Records, events,
    head::HEAD,
    layout,
    table::{Item, Refused, key, number, number_of, text},
};

/// Failures that lie further apart are not of one time of trouble.
const APART: Duration = Duration::from_secs(3600);

/// What a try that failed makes of its delivery.
pub(super) enum Failure<'a> {
    Again { due_at: Timestamp, reason: &'a str },
    GivenUp { reason: &'a str },
}

/// How a webhook fares, as far as the next failure depends on it.
struct Figures {
    last_failure: Option<i64>,
    failing_since: Option<i64>,
}

impl Figures {
    fn read(head: &Item) -> Self {
        Self { last_failure: number_of(head, "last_failure").ok(), failing_since: number_of(head, "failing_since").ok() }
    }

    /// Since when it fails, if it does at `at`.
    fn failing(&self, at: Timestamp) -> Timestamp {
        let still = self.last_failure.is_some_and(|last| last > (at - APART).millis());
        self.failing_since.filter(|_| still).map_or(at, Timestamp::from_millis)
    }

    /// The change of a head that a failure is, unless somebody else changes these figures.
    fn fail(&self, at: Timestamp, set: &str, update: UpdateBuilder) -> UpdateBuilder {
        let mut update = update
            .update_expression(format!("SET last_failure = :at, failing_since = :since{set}"))
            .expression_attribute_values(":at", number(at.millis()))
            .expression_attribute_values(":since", number(self.failing(at).millis()));
        let mut conditions = vec!["attribute_exists(pk)".to_owned()];
        for (name, was) in [("last_failure", self.last_failure), ("failing_since", self.failing_since)] {
            match was {
                Some(was) => {
                    conditions.push(format!("{name} = :was_{name}"));
                    update = update.expression_attribute_values(format!(":was_{name}"), number(was));
                }
                None => conditions.push(format!("attribute_not_exists({name})")),
            }
        }
        update.condition_expression(conditions.join(" AND "))
    }
}

impl Records {
    pub(super) async fn succeed(&self, device: &DeviceId, seq: u64, event: &EventId, at: Timestamp) -> Result<(), PortError> {
        let pk = layout::device(device);
        let done = self.table.to_delete(&pk, &sk(WAITING, seq), |delete| {
            delete.condition_expression("event = :event").expression_attribute_values(":event", text(event.as_str()))
        })?;
        let count = self.table.to_update(&pk, HEAD, |update| {
            update
                .update_expression("SET last_delivery = :at REMOVE failing_since ADD delivered :one")
                .condition_expression("attribute_exists(pk)")
                .expression_attribute_values(":at", number(at.millis()))
                .expression_attribute_values(":one", number(1))
        })?;
        let _turn = self.turn(device).await;
        match self.table.transact(vec![done, count]).await {
            // It was done before, or went with its device.
            Ok(()) | Err(Refused::Conditions(_)) => Ok(()),
            Err(Refused::Port(error)) => Err(error),
        }
    }

    /// Answers since when the webhook fails. What is not there any more has not failed.
    pub(super) async fn fail(
        &self,
        device: &DeviceId,
        event: &EventId,
        at: Timestamp,
        failure: Failure<'_>,
    ) -> Result<Timestamp, PortError> {
        let _turn = self.turn(device).await;
        let (pk, seq) = (layout::device(device), self.delivery(device, event).await?);
        let places = [HEAD.to_owned(), sk(WAITING, seq.unwrap_or(0)), events::sk(seq.unwrap_or(0))].map(|sk| (pk.clone(), sk));
        // That of the event matters to what is given up alone.
        let places = if matches!(failure, Failure::GivenUp { .. }) { &places[..] } else { &places[..2] };
        // It is tried again with what is there then, if somebody else changed it.
        loop {
            let found = self.table.get_many(places).await?;
            let Some(head) = &found[0] else { return Ok(at) };
            let figures = Figures::read(head);
            let waiting = found[1].as_ref().map(Stored::read).transpose()?.filter(|waiting| waiting.about.event == *event);
            let Some(waiting) = waiting else { return Ok(figures.failing_since.map_or(at, Timestamp::from_millis)) };
            let (set, mut writes) = match failure {
                Failure::Again { due_at, reason } => ("", vec![self.wait(&pk, &waiting, due_at, reason)?]),
                Failure::GivenUp { reason } => {
                    let kept = found[2].is_some();
                    (" ADD given_up :one", self.end(device, &waiting, kept, waiting.attempts + 1, at, reason)?)
                }
            };
            writes.push(self.table.to_update(&pk, HEAD, |update| {
                let update = figures.fail(at, set, update);
                if set.is_empty() { update } else { update.expression_attribute_values(":one", number(1)) }
            })?);
            match self.table.transact(writes).await {
                Ok(()) => return Ok(figures.failing(at)),
                Err(Refused::Conditions(_)) => {}
                Err(Refused::Port(error)) => return Err(error),
            }
        }
    }

    /// Gives up what has waited for too long, or lost its event. That is no failure of the webhook.
    pub(super) async fn expire(&self, device: &DeviceId, waiting: &Stored, at: Timestamp) -> Result<(), PortError> {
        let pk = layout::device(device);
        let kept = self.table.get(&pk, &events::sk(waiting.seq)).await?.is_some();
        let mut writes = self.end(device, waiting, kept, waiting.attempts, at, "expired")?;
        writes.push(self.table.to_update(&pk, HEAD, |update| {
            let update = update.update_expression("ADD given_up :one").condition_expression("attribute_exists(pk)");
            update.expression_attribute_values(":one", number(1))
        })?);
        let _turn = self.turn(device).await;
        match self.table.transact(writes).await {
            // Something became of it meanwhile; otherwise it is seen again.
            Ok(()) | Err(Refused::Conditions(_)) => Ok(()),
            Err(Refused::Port(error)) => Err(error),
        }
    }

    /// One more attempt, and when the next one is.
    fn wait(&self, pk: &str, waiting: &Stored, due_at: Timestamp, reason: &str) -> Result<TransactWriteItem, PortError> {
        self.table.to_update(pk, &sk(WAITING, waiting.seq), |update| {
            update
                .update_expression("SET moment = :due, reason = :reason, waits_until = :until ADD attempts :one")
                .condition_expression("event = :event")
                .expression_attribute_values(":due", number(due_at.millis()))
                .expression_attribute_values(":reason", text(reason))
                .expression_attribute_values(":until", number(waits_until().millis()))
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":event", text(waiting.about.event.as_str()))
        })
    }

    /// The end of a delivery: it is kept as failed as long as its event, if that is there.
    fn end(
        &self,
        device: &DeviceId,
        waiting: &Stored,
        kept: bool,
        attempts: u32,
        at: Timestamp,
        reason: &str,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let pk = layout::device(device);
        let mut writes = vec![self.table.to_delete(&pk, &sk(WAITING, waiting.seq), |delete| {
            delete
                .condition_expression("event = :event AND attempts = :attempts")
                .expression_attribute_values(":event", text(waiting.about.event.as_str()))
                .expression_attribute_values(":attempts", number(waiting.attempts))
        })?];
        if kept {
            writes.push(self.table.to_put(failed(device, waiting, attempts, at, reason), |put| put)?);
            writes.push(self.keep_event(&pk, waiting.seq, SystemClock.now() + FAILURES_KEPT)?);
        }
        Ok(writes)
    }

    /// Has an event kept until then, if it is there.
    pub(super) fn keep_event(&self, pk: &str, seq: u64, until: Timestamp) -> Result<TransactWriteItem, PortError> {
        self.table.to_update(pk, &events::sk(seq), |update| {
            update
                .update_expression("SET expires_at = :until")
                .condition_expression("attribute_exists(pk)")
                .expression_attribute_values(":until", number(until.seconds()))
        })
    }

    pub(super) async fn set_paused(&self, device: &DeviceId, at: Timestamp) -> Result<(), PortError> {
        let pause = UpdateBuilder::default()
            .set_key(Some(key(&layout::device(device), HEAD)))
            .update_expression("SET paused_at = if_not_exists(paused_at, :at)")
            .condition_expression("attribute_exists(failing_since)")
            .expression_attribute_values(":at", number(at.millis()));
        let _turn = self.turn(device).await;
        self.table.update(pause).await.map(drop)
    }

    pub(super) async fn set_working(&self, device: &DeviceId) -> Result<(), PortError> {
        let work = UpdateBuilder::default()
            .set_key(Some(key(&layout::device(device), HEAD)))
            .update_expression("REMOVE failing_since, paused_at")
            .condition_expression("attribute_exists(pk)");
        let _turn = self.turn(device).await;
        self.table.update(work).await.map(drop)
    }
}
