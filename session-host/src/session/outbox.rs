//! What a device has been asked to send and WhatsApp has not answered yet.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use domain::{
    model::{BulkPart, DeleteMessage, EditMessage, Jid, Message, MessageId, Timestamp},
    pipeline::SEND_EXPIRY,
    ports::Received,
    trace,
};
use tokio::time::Instant;
use tracing::{Span, field};

use super::{
    enclose::{self, Enclosed},
    pacing::Pacing,
};

/// No acknowledgement for this long on a living connection: the frame is taken for lost and sent again under the same id.
const ACK_TIMEOUT: Duration = Duration::from_secs(20);

/// Errors of our own making (not the connection's, not WhatsApp's answer) that a job survives.
const TRIES: u32 = 3;

/// Enclosures of one device that are made at the same time.
const AT_ONCE: usize = 4;

/// What goes out under a WhatsApp id of its own: the same one however often it has to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// An accepted message, by its record as it was when the command came.
    Message(Message),
    /// A new text for a message, with that one's record and the moment it was asked for.
    Edit { edit: EditMessage, target: Message, at: Timestamp },
    /// The end of a message.
    Delete(DeleteMessage),
}

impl Outgoing {
    /// The id it goes out under.
    pub fn id(&self) -> &MessageId {
        match self {
            Self::Message(message) => &message.id,
            Self::Edit { edit, .. } => &edit.id,
            Self::Delete(delete) => &delete.id,
        }
    }

    /// Where it goes.
    pub fn chat(&self) -> &Jid {
        match self {
            Self::Message(message) => &message.chat,
            Self::Edit { edit, .. } => &edit.chat,
            Self::Delete(delete) => &delete.chat,
        }
    }

    /// Its place in a bulk.
    pub fn bulk(&self) -> Option<&BulkPart> {
        match self {
            Self::Message(message) => message.bulk.as_ref(),
            _ => None,
        }
    }
}

/// Something to send, in a host's hands.
#[derive(Debug)]
pub struct Job {
    /// The command, to be acknowledged when the outcome is stored.
    pub received: Received,
    /// What is sent.
    pub outgoing: Arc<Outgoing>,
    /// What goes with it, once that is made.
    enclosed: Option<Arc<Enclosed>>,
    /// When it was to be sent.
    due_at: Timestamp,
    /// Its part of the trace that it belongs to, open until its outcome is known.
    pub span: Span,
    stage: Stage,
    /// Whether it was on a socket at any time, so that WhatsApp may have it.
    was_written: bool,
    failures: u32,
}

impl Job {
    /// How long it has been late.
    pub fn overdue(&self, now: Timestamp) -> Duration {
        now.since(self.due_at)
    }
}

fn span(received: &Received, id: &MessageId) -> Span {
    let device = received.envelope.device_id.as_str();
    let span = tracing::info_span!(
        target: trace::TARGET, "send", otel.kind = "consumer", device, message_id = id.as_str(), attempt = received.attempts, error = field::Empty
    );
    trace::adopt(&span, received.envelope.trace.as_ref());
    span
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Not to be written before what goes with it is made.
    Unenclosed,
    /// That is being made.
    Enclosing,
    /// To be written to the socket.
    Waiting,
    /// Being encrypted and written.
    Writing,
    /// On the socket since then.
    Written(Instant),
}

impl Stage {
    fn is_before_writing(self) -> bool {
        matches!(self, Self::Unenclosed | Self::Enclosing | Self::Waiting)
    }
}

/// The jobs of one device, in the order they were asked for. Written one after another, without waiting for the acknowledgement
/// of one before writing the next; each chat's in order.
#[derive(Debug)]
pub struct Outbox {
    jobs: VecDeque<Job>,
    pacing: Pacing,
}

impl Outbox {
    /// With nothing to do.
    pub fn new() -> Self {
        Self { jobs: VecDeque::new(), pacing: Pacing::new(Instant::now()) }
    }

    /// Puts a job in line. Answers the command back if what it sends is in line already, to be let go: the first one comes again after a crash.
    pub fn push(&mut self, received: Received, outgoing: Outgoing) -> Option<Received> {
        if let Some(job) = self.find(outgoing.id()) {
            job.received.envelope.reply |= received.envelope.reply;
            return Some(received);
        }
        let due_at = match &outgoing {
            Outgoing::Message(message) => message.due_at.unwrap_or(message.timestamp),
            _ => received.envelope.accepted_at,
        };
        let stage = if enclose::is_needed(&outgoing) { Stage::Unenclosed } else { Stage::Waiting };
        let outgoing = Arc::new(outgoing);
        let span = span(&received, outgoing.id());
        self.jobs.push_back(Job { received, outgoing, enclosed: None, due_at, span, stage, was_written: false, failures: 0 });
        None
    }

    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// What needs an enclosure next, which counts as being made from now on; `None` while enough of them are, or when all are made.
    pub fn next_unenclosed(&mut self) -> Option<Arc<Outgoing>> {
        let making = self.jobs.iter().filter(|job| job.stage == Stage::Enclosing).count();
        let job = self.jobs.iter_mut().find(|job| job.stage == Stage::Unenclosed).filter(|_| making < AT_ONCE)?;
        job.stage = Stage::Enclosing;
        Some(job.outgoing.clone())
    }

    /// What goes with it is made.
    pub fn enclosed(&mut self, id: &MessageId, enclosed: Enclosed) {
        if let Some(job) = self.find(id) {
            job.enclosed = Some(Arc::new(enclosed));
            job.stage = Stage::Waiting;
        }
    }

    /// Enclosures are not made any more: the client they were to be uploaded by is gone.
    pub fn stop_enclosing(&mut self) {
        for job in self.jobs.iter_mut().filter(|job| job.stage == Stage::Enclosing) {
            job.stage = Stage::Unenclosed;
        }
    }

    /// What is to be written next, which counts as being written from now on; `None` while something is, or when nothing may be.
    pub fn next(&mut self) -> Option<(Arc<Outgoing>, Option<Arc<Enclosed>>)> {
        if self.jobs.iter().any(|job| job.stage == Stage::Writing) {
            return None;
        }
        let pacing = &self.pacing;
        let held = |job: &Job| !job.was_written && job.outgoing.bulk().is_some_and(|part| pacing.free_at(part) > Instant::now());
        // What is not ready holds up what was asked for after it in the same chat.
        let mut behind = HashSet::new();
        let job = self.jobs.iter_mut().filter(|job| job.stage.is_before_writing() && !held(job)).find(|job| {
            let is_next = job.stage == Stage::Waiting && !behind.contains(job.outgoing.chat());
            if !is_next {
                behind.insert(job.outgoing.chat().clone());
            }
            is_next
        })?;
        job.stage = Stage::Writing;
        Some((job.outgoing.clone(), job.enclosed.clone()))
    }

    /// When something that is held for its bulk's sake may be written.
    pub fn next_at(&self) -> Option<Instant> {
        self.jobs.iter().filter(|job| job.stage == Stage::Waiting).filter_map(|job| Some(self.pacing.free_at(job.outgoing.bulk()?))).min()
    }

    /// Takes out every message that its bulk's pace holds so long that it would be in the way of others, with how long it has to wait.
    pub fn take_early(&mut self) -> Vec<(Job, Duration)> {
        let now = Instant::now();
        let mut held = Vec::new();
        let mut turns = self.pacing.turns(now);
        for job in &self.jobs {
            let wait = match job.outgoing.bulk() {
                Some(part) if job.stage.is_before_writing() && !job.was_written => turns.wait(part, job.outgoing.chat()),
                _ => None,
            };
            held.extend(wait.map(|wait| (job.outgoing.id().clone(), wait)));
        }
        held.into_iter().filter_map(|(id, wait)| Some((self.take(&id)?, wait))).collect()
    }

    /// It was written to the socket.
    pub fn written(&mut self, id: &MessageId) {
        let now = Instant::now();
        let Some(job) = self.jobs.iter_mut().find(|job| job.outgoing.id() == id) else { return };
        if let Some(part) = job.outgoing.bulk().filter(|_| !job.was_written) {
            self.pacing.written(part, now);
        }
        job.stage = Stage::Written(now);
        job.was_written = true;
    }

    /// The connection failed before or while it was written: it waits for the next one.
    pub fn unwritten(&mut self, id: &MessageId) {
        if let Some(job) = self.find(id) {
            job.stage = Stage::Waiting;
        }
    }

    /// Writing failed for a reason that is not the connection's. Answers the job if it is to be given up.
    pub fn failed(&mut self, id: &MessageId) -> Option<Job> {
        let job = self.find(id)?;
        job.failures += 1;
        job.stage = Stage::Waiting;
        if job.failures < TRIES { None } else { self.take(id) }
    }

    /// The connection is gone: whatever was not acknowledged is to be written again.
    pub fn disconnected(&mut self) {
        for job in self.jobs.iter_mut().filter(|job| !job.stage.is_before_writing()) {
            job.stage = Stage::Waiting;
        }
    }

    /// Has everything written again whose acknowledgement is overdue.
    pub fn rewrite_overdue(&mut self) {
        for job in &mut self.jobs {
            if matches!(job.stage, Stage::Written(at) if at.elapsed() >= ACK_TIMEOUT) {
                job.stage = Stage::Waiting;
            }
        }
    }

    /// Takes out a job that has its answer.
    pub fn take(&mut self, id: &MessageId) -> Option<Job> {
        let index = self.jobs.iter().position(|job| job.outgoing.id() == id)?;
        self.jobs.remove(index)
    }

    /// Takes out all jobs that are too late to be sent by now. One that is on its way is not: its answer may still come.
    pub fn take_expired(&mut self, now: Timestamp) -> VecDeque<Job> {
        let is_expired = |job: &Job| job.stage.is_before_writing() && job.overdue(now) > SEND_EXPIRY;
        let (expired, rest) = self.jobs.drain(..).partition(is_expired);
        self.jobs = rest;
        expired
    }

    /// Takes out everything.
    pub fn take_all(&mut self) -> VecDeque<Job> {
        std::mem::take(&mut self.jobs)
    }

    /// Whether WhatsApp has it, or may have it.
    pub fn is_under_way(&self, id: &MessageId) -> bool {
        self.jobs.iter().any(|job| (job.was_written || !job.stage.is_before_writing()) && job.outgoing.id() == id)
    }

    fn find(&mut self, id: &MessageId) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.outgoing.id() == id)
    }
}

#[cfg(test)]
mod tests {
    use domain::model::{BulkId, Command, CommandId, DeviceId, Direction, Envelope, Jid, MessageStatus, MessageType, SessionId};

    use super::*;

    fn message(id: &str) -> Message {
        let at = Timestamp::from_millis(0);
        Message {
            id: MessageId::parse(id).unwrap(),
            device_id: DeviceId::parse("dev_1").unwrap(),
            session_id: SessionId::parse("user_1_device_toko").unwrap(),
            direction: Direction::Outgoing,
            from: None,
            to: None,
            chat: Jid::parse("6281100000001").unwrap(),
            lid: None,
            kind: MessageType::Text,
            content: id.to_owned(),
            caption: None,
            attachment: None,
            quoted: None,
            mentions: Vec::new(),
            link_preview: false,
            forwarded: false,
            broadcast: false,
            push_name: None,
            timestamp: at,
            status: MessageStatus::Pending,
            read_at: None,
            error: None,
            due_at: None,
            bulk: None,
            author: None,
            edited_at: None,
            deleted_at: None,
        }
    }

    fn push(outbox: &mut Outbox, message: Message) {
        let envelope = Envelope {
            id: CommandId::parse(format!("send_{}", message.id)).unwrap(),
            device_id: message.device_id.clone(),
            command: Command::Send { id: message.id.clone(), chat: Some(message.chat.clone()) },
            accepted_at: message.timestamp,
            due_at: message.timestamp,
            reply: false,
            trace: None,
        };
        outbox.push(Received { envelope, attempts: 1, receipt: message.id.to_string() }, Outgoing::Message(message));
    }

    fn write_all(outbox: &mut Outbox) -> Vec<String> {
        let mut written = Vec::new();
        while let Some((outgoing, _)) = outbox.next() {
            outbox.written(outgoing.id());
            written.push(outgoing.id().to_string());
        }
        written
    }

    #[test]
    fn after_a_disconnection_everything_is_written_again_in_order_even_what_was_being_written() {
        let mut outbox = Outbox::new();
        ["one", "two", "three"].iter().for_each(|id| push(&mut outbox, message(id)));
        let (first, _) = outbox.next().unwrap();
        outbox.written(first.id());
        assert_eq!(outbox.next().unwrap().0.id().as_str(), "two");
        assert!(outbox.next().is_none(), "one is being written");
        outbox.disconnected();
        assert_eq!(write_all(&mut outbox), ["one", "two", "three"]);
    }

    #[test]
    fn a_command_that_comes_again_while_it_is_in_hand_is_no_second_job() {
        let mut outbox = Outbox::new();
        push(&mut outbox, message("one"));
        push(&mut outbox, message("one"));
        push(&mut outbox, message("two"));
        assert_eq!(write_all(&mut outbox), ["one", "two"]);
        assert!(outbox.take(&message("one").id).is_some() && outbox.take(&message("one").id).is_none());
    }

    #[test]
    fn what_waits_for_its_enclosure_holds_up_what_was_asked_for_later_in_its_chat_alone() {
        let mut outbox = Outbox::new();
        push(&mut outbox, message("first"));
        for n in 0..6 {
            push(&mut outbox, Message { content: "https://example.com".into(), link_preview: true, ..message(&format!("link {n}")) });
        }
        push(&mut outbox, message("last"));
        push(&mut outbox, Message { chat: Jid::parse("6281100000002").unwrap(), ..message("elsewhere") });
        let begun: Vec<_> = std::iter::from_fn(|| outbox.next_unenclosed()).collect();
        assert_eq!(begun.len(), AT_ONCE);
        assert_eq!(write_all(&mut outbox), ["first", "elsewhere"]);
        outbox.enclosed(begun[1].id(), Enclosed::Nothing);
        assert!(write_all(&mut outbox).is_empty());
        outbox.enclosed(begun[0].id(), Enclosed::Nothing);
        outbox.disconnected();
        assert_eq!(write_all(&mut outbox), ["first", "link 0", "link 1", "elsewhere"]);
        assert_eq!(outbox.next_unenclosed().unwrap().id().as_str(), "link 4");
    }

    #[test]
    fn messages_of_a_bulk_keep_their_distance_and_hold_up_nothing_else() {
        let mut outbox = Outbox::new();
        for index in 0..3 {
            let bulk = Some(BulkPart { id: BulkId::parse("blk_1").unwrap(), index, delay_ms: 60_000 });
            push(&mut outbox, Message { bulk, ..message(&format!("bulk {index}")) });
        }
        push(&mut outbox, message("text"));
        let put_off = outbox.take_early();
        assert_eq!(put_off.iter().map(|(job, _)| job.outgoing.id().as_str()).collect::<Vec<_>>(), ["bulk 1", "bulk 2"]);
        assert_eq!(write_all(&mut outbox), ["bulk 0", "text"]);
        for (job, _) in put_off {
            outbox.push(job.received, Outgoing::clone(&job.outgoing));
        }
        assert!(write_all(&mut outbox).is_empty());
        assert!(outbox.next_at().unwrap() > Instant::now());
    }
}
