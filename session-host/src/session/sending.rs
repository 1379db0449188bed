//! Getting what is in the outbox onto the socket: what goes with it first, then each in its turn.

use std::time::Duration;

use domain::{
    model::{Jid, MessageId, Status},
    ports::Received,
};
use tokio::{
    task::{JoinError, JoinSet},
    time::Instant,
};
use tokio_util::task::AbortOnDropHandle;
use whatsapp_rust::{ErrorChainExt, SendError};

use super::{
    Actor, BACKOFF, Stop, Writing,
    addresses::Person,
    enclose::{self, Enclosed, Unenclosed},
    link, names,
    outbox::{Job, Outgoing},
};

/// The shortest and the longest wait for the weather to get better.
const WEATHER: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(300));

/// Most chats remembered as acquainted; asking again does no harm.
const ACQUAINTED: usize = 4096;

impl Actor {
    /// Starts making what goes with messages, if the device is on line.
    pub(super) fn enclose_next(&mut self) {
        let Some(link) = self.link.as_ref().filter(|_| self.session.status == Status::Connected) else { return };
        while let Some(outgoing) = self.outbox.next_unenclosed() {
            let (shared, client) = (self.shared.clone(), link.client.clone());
            self.enclosing.spawn(async move {
                let id = outgoing.id().clone();
                // In a task of its own, so that a flaw costs one message and not the session.
                let made = AbortOnDropHandle::new(tokio::spawn(async move {
                    match &*outgoing {
                        Outgoing::Message(message) => enclose::enclose(&shared, &client, message).await,
                        _ => Err(Unenclosed::Never("send_failed")),
                    }
                }));
                (id, made.await.unwrap_or_else(|flaw| Err(flaw.into())))
            });
        }
    }

    pub(super) async fn enclosed(&mut self, id: MessageId, enclosed: Result<Enclosed, Unenclosed>) -> Result<(), Stop> {
        match enclosed {
            Ok(enclosed) => self.outbox.enclosed(&id, enclosed),
            Err(Unenclosed::Never(reason)) => {
                let job = self.outbox.take(&id);
                return self.give_up(job, reason).await;
            }
            Err(Unenclosed::NotNow(error)) => {
                tracing::warn!(device = %self.device, message_id = %id, ?error, "a file could not be uploaded for now");
                if let Some(job) = self.outbox.take(&id) {
                    // The longer it did not work, the longer until the next try.
                    let wait = (job.overdue(self.shared.ports.clock.now()) / 2).clamp(WEATHER.0, WEATHER.1);
                    self.put_off(job, wait).await;
                }
            }
        }
        Ok(())
    }

    /// The client that files are uploaded by is about to go.
    pub(super) fn stop_enclosing(&mut self) {
        self.enclosing = JoinSet::new();
        self.outbox.stop_enclosing();
    }

    /// Starts writing what is next, if the device is on line and nothing is being written.
    pub(super) fn write_next(&mut self) {
        if self.writing.is_some() || self.session.status != Status::Connected {
            return;
        }
        let Some(link) = &self.link else { return };
        let Some((outgoing, enclosed)) = self.outbox.next() else { return };
        let (client, written) = (link.client.clone(), outgoing.clone());
        let is_new = !self.acquainted.contains(outgoing.chat());
        let task = tokio::spawn(async move {
            link::write(&client, &written, enclosed.as_deref()).await?;
            Ok(if is_new { names::both(&client, written.chat()).await } else { None })
        });
        self.writing = Some(Writing { outgoing, task: AbortOnDropHandle::new(task) });
    }

    pub(super) async fn wrote(&mut self, result: Result<Result<Option<Person>, SendError>, JoinError>) -> Result<(), Stop> {
        let Some(Writing { outgoing, .. }) = self.writing.take() else { return Ok(()) };
        let id = outgoing.id();
        let error = match result {
            Ok(Ok(person)) => {
                self.outbox.written(id);
                self.acquaint(outgoing.chat(), person);
                return Ok(());
            }
            Ok(Err(error)) => error,
            Err(panic) => SendError::Internal(panic.into()),
        };
        if error.is_transport_unavailable() || matches!(error, SendError::NotLoggedIn | SendError::Client(_)) {
            tracing::info!(device = %self.device, message_id = %id, "a message waits for the connection to come back");
            self.outbox.unwritten(id);
            return Ok(());
        }
        tracing::warn!(device = %self.device, message_id = %id, ?error, "a message could not be written");
        if let Some(rejection) = error.server_rejection() {
            // What WhatsApp was asked before, such as who is in a group.
            let refused = self.outbox.take(id);
            return self.give_up(refused, &format!("refused_{}", rejection.code)).await;
        }
        let given_up = match error {
            SendError::InvalidRequest(_) => self.outbox.take(id),
            _ => self.outbox.failed(id),
        };
        self.give_up(given_up, "send_failed").await
    }

    /// A chat's other name was asked for: it is told with what is stored next.
    fn acquaint(&mut self, chat: &Jid, person: Option<Person>) {
        if self.acquainted.contains(chat) {
            return;
        }
        if self.acquainted.len() >= ACQUAINTED {
            self.acquainted.clear();
        }
        self.acquainted.insert(chat.clone());
        self.learned.extend(person.and_then(|person| self.inbox.people.news(&person)));
    }

    /// When a message that is held for its bulk's sake may be written, if that is all that keeps it.
    pub(super) fn turn_at(&self) -> Option<Instant> {
        self.outbox.next_at().filter(|at| self.session.status == Status::Connected && *at > Instant::now())
    }

    /// Gives back what has to wait for its bulk's sake, so that it does not hold up what was asked for after it.
    pub(super) async fn put_off_early(&mut self) {
        if self.session.status == Status::Connected {
            for (job, wait) in self.outbox.take_early() {
                self.put_off(job, wait).await;
            }
        }
    }

    /// Gives a message's command back to the queue, to come again later, behind what is due until then. If a crash comes in between, the
    /// message is found pending.
    async fn put_off(&self, job: Job, wait: Duration) {
        let Received { mut envelope, receipt, .. } = job.received;
        self.shared.acknowledge(&[receipt]).await;
        let mut failures = 0;
        loop {
            // However long that took: if it were due already, a queue could take it for the one that was acknowledged just now.
            envelope.due_at = self.shared.ports.clock.now() + wait;
            let Err(error) = self.shared.ports.sink.enqueue(&envelope).await else { return };
            failures += 1;
            tracing::error!(device = %self.device, command = %envelope.id, ?error, "a command could not be put off");
            tokio::time::sleep(BACKOFF.after(failures)).await;
        }
    }
}
