//! Accepting work: the record first, then the command. A crash in between is mended by [`sweep`](fn@super::sweep).

use std::{sync::Arc, time::Duration};

use crate::{
    model::{
        Command, CommandId, Device, DeviceId, Direction, Envelope, Jid, Message, MessageStatus, MessageType, Outcome, Quoted, Timestamp,
    },
    ports::{Accepted, Clock, CommandSink, Ids, Messages, PortError, Replies},
};

/// Takes work in for the hosts to do.
#[derive(Clone)]
pub struct Intake {
    /// Keeps what is to be sent.
    pub messages: Arc<dyn Messages>,
    /// Carries the work to the hosts.
    pub commands: Arc<dyn CommandSink>,
    /// Brings the outcome back.
    pub replies: Arc<dyn Replies>,
    /// Tells when it was accepted.
    pub clock: Arc<dyn Clock>,
    /// Names it.
    pub ids: Arc<dyn Ids>,
}

/// A text somebody asked to send.
#[derive(Clone, Debug)]
pub struct TextRequest {
    /// The chat.
    pub to: Jid,
    /// The text.
    pub text: String,
    /// The message it answers.
    pub quoted: Option<Quoted>,
    /// How long to wait before it is sent.
    pub delay: Duration,
    /// Makes a repeated request the same request.
    pub idempotency_key: Option<String>,
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
    /// Takes in a text for a device that can send. With `reply`, its outcome can be waited for.
    pub async fn text(&self, device: &Device, request: TextRequest, reply: bool) -> Result<Taken, PortError> {
        let now = self.clock.now();
        let message = Message {
            id: self.ids.message(),
            device_id: device.id.clone(),
            session_id: device.session_id.clone(),
            direction: Direction::Outgoing,
            from: device.session.phone.clone(),
            to: Some(request.to.clone()),
            chat: request.to,
            lid: None,
            kind: MessageType::Text,
            content: request.text,
            caption: None,
            quoted: request.quoted,
            forwarded: false,
            broadcast: false,
            push_name: None,
            timestamp: now,
            status: MessageStatus::Pending,
            read_at: None,
            error: None,
        };
        let message = match self.messages.accept(&message, request.idempotency_key.as_deref()).await? {
            Accepted::New => message,
            Accepted::Repeated(first) => *first,
        };
        if message.status != MessageStatus::Pending {
            return Ok(Taken { message, command: None });
        }
        let envelope = send_command(&message, now + request.delay, reply);
        self.commands.enqueue(&envelope).await?;
        Ok(Taken { message, command: reply.then_some(envelope.id) })
    }

    /// Takes in a command that needs no record.
    pub async fn command(&self, device: &DeviceId, command: Command, reply: bool) -> Result<CommandId, PortError> {
        let now = self.clock.now();
        let envelope = Envelope { id: self.ids.command(), device_id: device.clone(), command, accepted_at: now, due_at: now, reply };
        self.commands.enqueue(&envelope).await?;
        Ok(envelope.id)
    }

    /// Waits for the outcome of a command that was taken in with `reply`.
    pub async fn outcome(&self, command: &CommandId, timeout: Duration) -> Result<Option<Outcome>, PortError> {
        self.replies.wait(command, timeout).await
    }
}

/// The command that sends an accepted message: the same one each time it is made.
pub(super) fn send_command(message: &Message, due_at: Timestamp, reply: bool) -> Envelope {
    Envelope {
        id: CommandId::parse(format!("send_{}", message.id)).expect("a message id is short text without control characters"),
        device_id: message.device_id.clone(),
        command: Command::SendText(message.outgoing_text()),
        accepted_at: message.timestamp,
        due_at,
        reply,
    }
}
