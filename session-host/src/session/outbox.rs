//! What a device has been asked to send and WhatsApp has not answered yet.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use domain::{
    model::{DeleteMessage, EditMessage, Jid, Message, MessageId, Timestamp},
    pipeline::SEND_EXPIRY,
    ports::Received,
};
use tokio::time::Instant;

/// No acknowledgement for this long on a living connection: the frame is taken for lost and sent again under the same id.
const ACK_TIMEOUT: Duration = Duration::from_secs(20);

/// Errors of our own making (not the connection's, not WhatsApp's answer) that a job survives.
const TRIES: u32 = 3;

/// What goes out under a WhatsApp id of its own: the same one however often it has to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// An accepted message, by its record as it was when the command came.
    Message(Message),
    /// A new text for a message, with that one's record and the moment it was asked for.
    Edit { edit: EditMessage, target: Message, at: Timestamp },
    /// The end of a message in a chat.
    Delete { delete: DeleteMessage, chat: Jid },
}

impl Outgoing {
    /// The id it goes out under.
    pub fn id(&self) -> &MessageId {
        match self {
            Self::Message(message) => &message.id,
            Self::Edit { edit, .. } => &edit.id,
            Self::Delete { delete, .. } => &delete.id,
        }
    }

    /// Where it goes.
    pub fn chat(&self) -> &Jid {
        match self {
            Self::Message(message) => &message.chat,
            Self::Edit { target, .. } => &target.chat,
            Self::Delete { chat, .. } => chat,
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
    stage: Stage,
    /// Whether it was on a socket at any time, so that WhatsApp may have it.
    was_written: bool,
    failures: u32,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    /// To be written to the socket.
    Waiting,
    /// Being encrypted and written.
    Writing,
    /// On the socket since then.
    Written(Instant),
}

/// The jobs of one device, in the order they were asked for. Written one after another, without waiting for the acknowledgement
/// of one before writing the next.
#[derive(Debug, Default)]
pub struct Outbox {
    jobs: VecDeque<Job>,
}

impl Outbox {
    /// Puts a job in line.
    pub fn push(&mut self, received: Received, outgoing: Outgoing) {
        self.jobs.push_back(Job { received, outgoing: Arc::new(outgoing), stage: Stage::Waiting, was_written: false, failures: 0 });
    }

    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// What is to be written next, which counts as being written from now on; `None` while something is, or when all is.
    pub fn next(&mut self) -> Option<Arc<Outgoing>> {
        if self.jobs.iter().any(|job| job.stage == Stage::Writing) {
            return None;
        }
        let job = self.jobs.iter_mut().find(|job| job.stage == Stage::Waiting)?;
        job.stage = Stage::Writing;
        Some(job.outgoing.clone())
    }

    /// It was written to the socket.
    pub fn written(&mut self, id: &MessageId) {
        if let Some(job) = self.find(id) {
            job.stage = Stage::Written(Instant::now());
            job.was_written = true;
        }
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
        for job in &mut self.jobs {
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
        self.take_if(|job| {
            let due = job.received.envelope.accepted_at.max(job.received.envelope.due_at);
            job.stage == Stage::Waiting && now.since(due) > SEND_EXPIRY
        })
    }

    /// Takes out everything.
    pub fn take_all(&mut self) -> VecDeque<Job> {
        std::mem::take(&mut self.jobs)
    }

    /// Whether WhatsApp has it, or may have it.
    pub fn is_under_way(&self, id: &MessageId) -> bool {
        self.jobs.iter().any(|job| (job.was_written || job.stage != Stage::Waiting) && job.outgoing.id() == id)
    }

    fn take_if(&mut self, condition: impl Fn(&Job) -> bool) -> VecDeque<Job> {
        let (taken, rest) = self.jobs.drain(..).partition(condition);
        self.jobs = rest;
        taken
    }

    fn find(&mut self, id: &MessageId) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.outgoing.id() == id)
    }
}

#[cfg(test)]
mod tests {
    use domain::model::{Command, CommandId, DeviceId, Direction, Envelope, Jid, MessageStatus, MessageType, SessionId};

    use super::*;

    fn push(outbox: &mut Outbox, id: &str) {
        let at = Timestamp::from_millis(0);
        let message = Message {
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
            edited_at: None,
            deleted_at: None,
        };
        let envelope = Envelope {
            id: CommandId::parse(format!("send_{id}")).unwrap(),
            device_id: message.device_id.clone(),
            command: Command::Send { id: message.id.clone() },
            accepted_at: at,
            due_at: at,
            reply: false,
        };
        outbox.push(Received { envelope, attempts: 1, receipt: id.to_owned() }, Outgoing::Message(message));
    }

    #[test]
    fn after_a_disconnection_everything_is_written_again_in_order_even_what_was_being_written() {
        let mut outbox = Outbox::default();
        ["one", "two", "three"].iter().for_each(|id| push(&mut outbox, id));
        let first = outbox.next().unwrap();
        outbox.written(first.id());
        assert_eq!(outbox.next().unwrap().id().as_str(), "two");
        assert_eq!(outbox.next(), None, "one is being written");
        outbox.disconnected();
        let mut written = Vec::new();
        while let Some(outgoing) = outbox.next() {
            outbox.written(outgoing.id());
            written.push(outgoing.id().to_string());
        }
        assert_eq!(written, ["one", "two", "three"]);
    }
}
