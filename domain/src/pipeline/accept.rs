//! Accepting work: the record first, then the command. A crash in between is mended by [`sweep`](fn@super::sweep).

use std::{sync::Arc, time::Duration};

use futures::future::try_join_all;
use sha2::{Digest, Sha256};

use crate::{
    model::{
        Attachment, Author, Bulk, BulkPart, Command, CommandId, Device, DeviceId, Direction, Envelope, Jid, Message, MessageId,
        MessageStatus, MessageType, Outcome, Quoted, Server, Timestamp,
    },
    ports::{Accepted, Aliases, Bulks, Clock, CommandSink, Ids, Messages, PortError, Replies},
    trace,
};

/// Takes work in for the hosts to do.
#[derive(Clone)]
pub struct Intake {
    /// Keeps what is to be sent.
    pub messages: Arc<dyn Messages>,
    /// Keeps what is to be sent to many.
    pub bulks: Arc<dyn Bulks>,
    /// Knows who is behind a hidden id.
    pub aliases: Arc<dyn Aliases>,
    /// Carries the work to the hosts.
    pub commands: Arc<dyn CommandSink>,
    /// Brings the outcome back.
    pub replies: Arc<dyn Replies>,
    /// Tells when it was accepted.
    pub clock: Arc<dyn Clock>,
    /// Names it.
    pub ids: Arc<dyn Ids>,
}

/// A message somebody asked to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The chat.
    pub to: Jid,
    /// Its kind.
    pub kind: MessageType,
    /// Its text; see [`Message::content`].
    pub content: String,
    /// The text under a file.
    pub caption: Option<String>,
    /// What it holds besides.
    pub attachment: Option<Attachment>,
    /// The message it answers, or is about.
    pub quoted: Option<Quoted>,
    /// Who is mentioned.
    pub mentions: Vec<Jid>,
    /// Whether its first link is to be shown with a preview.
    pub link_preview: bool,
    /// Whether it was forwarded.
    pub forwarded: bool,
    /// How long to wait before it is sent.
    pub delay: Duration,
    /// Who wrote it.
    pub author: Author,
}

impl Draft {
    /// A text, sent at once.
    pub fn text(to: Jid, text: impl Into<String>) -> Self {
        Self::new(to, MessageType::Text, text)
    }

    /// A message of some kind, sent at once, with nothing but a content.
    pub fn new(to: Jid, kind: MessageType, content: impl Into<String>) -> Self {
        Self {
            to,
            kind,
            content: content.into(),
            caption: None,
            attachment: None,
            quoted: None,
            mentions: Vec::new(),
            link_preview: false,
            forwarded: false,
            delay: Duration::ZERO,
            author: Author::Api,
        }
    }
}

/// A message that was taken in.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The record, as it is now.
    pub message: Message,
    /// What to wait for, if its outcome is not known yet and the caller wanted it.
    pub command: Option<CommandId>,
}

impl Intake {
    /// Takes in a message for a device that can send. With `reply`, its outcome can be waited for.
    /// A repeated `idempotency_key` of the device is the same request: it answers the first one's message.
    pub async fn message(&self, device: &Device, draft: Draft, idempotency_key: Option<&str>, reply: bool) -> Result<Taken, PortError> {
        let message = self.record(device, draft, self.clock.now()).await?;
        let message = match self.messages.accept(&message, idempotency_key).await? {
            Accepted::New => message,
            Accepted::Repeated(first) => *first,
        };
        if message.status != MessageStatus::Pending {
            return Ok(Taken { message, command: None });
        }
        let envelope = send_command(&message, message.timestamp, reply);
        self.commands.enqueue(&envelope).await?;
        Ok(Taken { message, command: reply.then_some(envelope.id) })
    }

    /// Takes in many messages for a device that can send, each due `delay` after the one before, and answers the bulk with its messages as they
    /// were asked for; for a repeated `idempotency_key` with no messages and the first request's bulk.
    pub async fn bulk(
        &self,
        device: &Device,
        drafts: Vec<Draft>,
        delay: Duration,
        idempotency_key: Option<&str>,
    ) -> Result<(Bulk, Vec<Message>), PortError> {
        let now = self.clock.now();
        let bulk = Bulk {
            id: self.ids.bulk(),
            device_id: device.id.clone(),
            session_id: device.session_id.clone(),
            size: u32::try_from(drafts.len()).unwrap_or(u32::MAX),
            delay,
            created_at: now,
            cancelled_at: None,
        };
        let delay_ms = u32::try_from(delay.as_millis()).unwrap_or(u32::MAX);
        let mut messages = Vec::with_capacity(drafts.len());
        for (index, draft) in (0..).zip(drafts) {
            let mut message = self.record(device, draft, now).await?;
            message.due_at = Some(now + delay * index);
            message.bulk = Some(BulkPart { id: bulk.id.clone(), index, delay_ms });
            messages.push(message);
        }
        if let Accepted::Repeated(first) = self.bulks.accept(&bulk, &messages, idempotency_key).await? {
            return Ok((*first, Vec::new()));
        }
        let envelopes: Vec<_> = messages.iter().map(|message| send_command(message, now, false)).collect();
        try_join_all(envelopes.iter().map(|envelope| self.commands.enqueue(envelope))).await?;
        Ok((bulk, messages))
    }

    /// Takes in a command that needs no record.
    pub async fn command(&self, device: &DeviceId, command: Command, reply: bool) -> Result<CommandId, PortError> {
        self.enqueue(self.ids.command(), device, command, reply).await
    }

    /// Takes in a command that is sent under a WhatsApp id of its own: repeated under the same one while it is queued, it is one command.
    pub async fn stanza(&self, device: &DeviceId, id: &MessageId, command: Command, reply: bool) -> Result<CommandId, PortError> {
        self.enqueue(command_id(id), device, command, reply).await
    }

    /// The WhatsApp id for a request that has no record: the same for the same `idempotency_key` of a device, so that both ends take a
    /// repetition for what it is; a new one without.
    pub fn stanza_id(&self, device: &DeviceId, idempotency_key: Option<&str>) -> MessageId {
        let Some(key) = idempotency_key else { return self.ids.message() };
        let digest = Sha256::digest(format!("{device}\n{key}"));
        MessageId::parse(format!("3EB0{}", hex::encode_upper(&digest[..9]))).expect("hexadecimal text is an identifier")
    }

    /// Waits for the outcome of a command that was taken in with `reply`.
    pub async fn outcome(&self, command: &CommandId, timeout: Duration) -> Result<Option<Outcome>, PortError> {
        self.replies.wait(command, timeout).await
    }

    async fn enqueue(&self, id: CommandId, device: &DeviceId, command: Command, reply: bool) -> Result<CommandId, PortError> {
        let now = self.clock.now();
        let envelope = Envelope { id, device_id: device.clone(), command, accepted_at: now, due_at: now, reply, trace: trace::current() };
        self.commands.enqueue(&envelope).await?;
        Ok(envelope.id)
    }

    /// The record of a message accepted at `now`. One person is one chat: under their number, wherever it is known.
    async fn record(&self, device: &Device, draft: Draft, now: Timestamp) -> Result<Message, PortError> {
        let (chat, lid) = match draft.to.server() {
            Server::Lid => (self.aliases.phone(&device.id, &draft.to).await?.unwrap_or_else(|| draft.to.clone()), Some(draft.to)),
            Server::Phone => {
                let lid = self.aliases.lid(&device.id, &draft.to).await?;
                (draft.to, lid)
            }
            Server::Group | Server::Newsletter | Server::Broadcast => (draft.to, None),
        };
        Ok(Message {
            id: self.ids.message(),
            device_id: device.id.clone(),
            session_id: device.session_id.clone(),
            direction: Direction::Outgoing,
            from: device.session.phone.clone(),
            to: Some(chat.clone()),
            chat,
            lid,
            kind: draft.kind,
            content: draft.content,
            caption: draft.caption,
            attachment: draft.attachment,
            quoted: draft.quoted,
            mentions: draft.mentions,
            link_preview: draft.link_preview,
            forwarded: draft.forwarded,
            broadcast: false,
            push_name: None,
            timestamp: now,
            status: MessageStatus::Pending,
            read_at: None,
            error: None,
            due_at: (!draft.delay.is_zero()).then(|| now + draft.delay),
            bulk: None,
            author: Some(draft.author),
            edited_at: None,
            deleted_at: None,
        })
    }
}

/// The command that sends an accepted message: the same one each time it is made. Due at `now`, unless the message says later.
pub(super) fn send_command(message: &Message, now: Timestamp, reply: bool) -> Envelope {
    Envelope {
        id: command_id(&message.id),
        device_id: message.device_id.clone(),
        command: Command::Send { id: message.id.clone(), chat: Some(message.chat.clone()) },
        accepted_at: message.timestamp,
        due_at: message.due_at.map_or(now, |due_at| due_at.max(now)),
        reply,
        trace: trace::current(),
    }
}

fn command_id(id: &MessageId) -> CommandId {
    CommandId::parse(format!("send_{id}")).expect("a message id is short text without control characters")
}
