//! What WhatsApp reports, as changes and events of ours.

use std::{sync::Arc, time::Duration};

use domain::{
    model::{Direction, EventData, MessageId, MessageKey, MessageStatus, Session, Status, Timestamp},
    ports::{Change, PortError},
};
use tokio::time::Instant;
use wacore::types::{
    events::{ChatPresenceUpdate, ConnectFailureReason, Event, Receipt, ServerAck},
    presence::{ChatPresence, ReceiptType},
};

use super::{
    Actor, BACKOFF, Stop,
    addresses::{Person, to_ours},
    link::Link,
    outcome::Outcomes,
    state::OnLine,
};

/// Reports stored in one go, so that a flood of acknowledgements costs few writes.
const BATCH: usize = 64;

/// How often storing a message is tried that would not come again.
const TRIES: u32 = 10;

impl Actor {
    pub(super) async fn observe(&mut self, first: Arc<Event>) -> Result<(), Stop> {
        let mut outcomes = Outcomes::default();
        let mut next = Some(first);
        let mut left = BATCH;
        while let Some(event) = next {
            match &*event {
                Event::ServerAck(ack) => self.acknowledged(&mut outcomes, ack).await,
                Event::Receipt(receipt) => self.receipt(&mut outcomes, receipt).await,
                other => {
                    // What was sent before the connection changed is stored before the change.
                    self.store(std::mem::take(&mut outcomes)).await?;
                    self.connection(other).await?;
                }
            }
            left -= 1;
            next = if left > 0 { self.link.as_mut().and_then(Link::another_event) } else { None };
        }
        self.store(outcomes).await
    }

    async fn acknowledged(&mut self, outcomes: &mut Outcomes, ack: &ServerAck) {
        if ack.class.as_deref().is_some_and(|class| class != "message") {
            return;
        }
        let job = MessageId::parse(ack.id.clone()).ok().and_then(|id| self.outbox.take(&id));
        let Some(job) = job else { return };
        match &ack.error {
            None => {
                let at = ack.timestamp.map(|at| Timestamp::from_millis(at.timestamp_millis()));
                self.sent(outcomes, job, at.unwrap_or_else(|| self.shared.ports.clock.now())).await;
            }
            Some(code) => {
                tracing::warn!(device = %self.device, message_id = %job.outgoing.id(), code, "WhatsApp refused a message");
                self.failed(outcomes, job, &format!("refused_{code}"));
            }
        }
    }

    async fn receipt(&mut self, outcomes: &mut Outcomes, receipt: &Receipt) {
        let status = match receipt.r#type {
            ReceiptType::Delivered => MessageStatus::Delivered,
            ReceiptType::Read | ReceiptType::Played | ReceiptType::ReadSelf | ReceiptType::PlayedSelf => MessageStatus::Read,
            _ => return,
        };
        let Some(link) = &self.link else { return };
        let source = &receipt.source;
        let own = |jid: &whatsapp_rust::Jid| to_ours(jid).is_some_and(|jid| [&self.session.phone, &self.session.lid].contains(&&Some(jid)));
        if source.is_from_me || own(&source.sender) {
            if status == MessageStatus::Read {
                self.seen(outcomes, receipt).await;
            }
            return;
        }
        let Some(chat) = Person::find(&link.client, &source.chat, source.sender_alt.as_ref()).await else { return };
        let at = Timestamp::from_millis(receipt.timestamp.timestamp_millis());
        for id in receipt.message_ids.iter().filter_map(|id| MessageId::parse(id.clone()).ok()) {
            // What was delivered was taken: a receipt can overtake the acknowledgement.
            if let Some(job) = self.outbox.take(&id) {
                self.sent(outcomes, job, at).await;
            } else if receipt.offline
                && let Some(message) = self.record(&id).await.filter(|message| message.status == MessageStatus::Pending)
            {
                // Sent by a run that crashed before it stored that, and whose command has not come again yet.
                self.taken(outcomes, message, at);
            }
            let data = EventData::MessageStatus { message_id: id.clone(), chat_id: chat.jid.clone(), status, error: None, timestamp: at };
            outcomes.push(&self.shared.publisher, Change::Status { key: MessageKey::own(id), status, at, error: None }, Some(data));
        }
    }

    /// Another device of the account has shown messages that came in.
    async fn seen(&mut self, outcomes: &mut Outcomes, receipt: &Receipt) {
        let at = Timestamp::from_millis(receipt.timestamp.timestamp_millis());
        for id in receipt.message_ids.iter().filter_map(|id| MessageId::parse(id.clone()).ok()) {
            if let Some(message) = self.record(&id).await.filter(|message| message.direction == Direction::Incoming) {
                let change = Change::Status { key: message.key(), status: MessageStatus::Read, at, error: None };
                outcomes.push(&self.shared.publisher, change, None);
            }
        }
    }

    async fn connection(&mut self, event: &Event) -> Result<(), Stop> {
        match event {
            Event::PairingQrCode(code) => self.show_qr(code).await,
            Event::PairSuccess(pair) => {
                // Linked from here on: what is to be sent is taken in, and goes out once the client has logged in.
                let (phone, lid) = (to_ours(&pair.id), to_ours(&pair.lid));
                self.linking.ends_at = None;
                let linked_at = Some(self.shared.ports.clock.now());
                let next = Session { qr: None, pairing_code: None, passkey: None, phone, lid, linked_at, ..self.session.clone() };
                self.enter(next).await
            }
            Event::Connected(_) => self.connected().await,
            Event::Disconnected(_) => self.connection_lost().await,
            Event::LoggedOut(logged_out) => self.forget(&log_out_reason(logged_out.reason)).await,
            Event::PairingQrCodesExhausted(exhausted) => self.no_more_qr(exhausted.disconnected).await,
            Event::PairingCodeRefresh(_) | Event::PairingCodeError(_) => self.drop_code().await,
            Event::PairPasskeyRequest(request) => self.passkey_asked(request).await,
            Event::PairPasskeyConfirmation(confirmation) => self.passkey_to_confirm(confirmation).await,
            Event::PairPasskeyError(error) => {
                tracing::warn!(device = %self.device, error = %error.error, "linking by passkey failed");
                self.passkey_failed().await
            }
            Event::StreamReplaced(_) => {
                self.leave(Status::Error, Some("replaced"), false).await?;
                self.give_up_all("replaced").await
            }
            Event::TemporaryBan(ban) => {
                self.leave(Status::Error, Some("temporary_ban"), true).await?;
                self.reopen_at = Some(Instant::now() + ban.expire.to_std().unwrap_or(Duration::from_secs(60)));
                Ok(())
            }
            Event::ClientOutdated(_) => self.leave(Status::Error, Some("client_outdated"), true).await,
            Event::ConnectFailure(failure) if failure.reason.should_reconnect() => self.connection_lost().await,
            Event::ConnectFailure(failure) => {
                tracing::warn!(device = %self.device, reason = ?failure.reason, "WhatsApp refused the connection");
                self.leave(Status::Error, Some("refused"), false).await?;
                self.give_up_all("refused").await
            }
            Event::PairError(error) => {
                tracing::warn!(device = %self.device, error = %error.error, "linking failed");
                Ok(())
            }
            Event::Messages(_) | Event::UndecryptableMessage(_) => self.take_in(event).await,
            Event::ChatPresence(presence) => {
                self.somebody_types(presence).await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn somebody_types(&self, presence: &ChatPresenceUpdate) {
        let Some(link) = self.link.as_ref().filter(|_| self.inbox.responder.is_listening()) else { return };
        match self.inbox.person(&link.client, &presence.source.chat, None).await {
            Ok(Some(chat)) => self.inbox.responder.saw_typing(&chat.jid, presence.state == ChatPresence::Composing),
            Ok(None) => {}
            Err(error) => tracing::warn!(device = %self.device, ?error, "it is not known who types"),
        }
    }

    async fn connected(&mut self) -> Result<(), Stop> {
        let Some(link) = &self.link else { return Ok(()) };
        let now = self.shared.ports.clock.now();
        let mut next = self.session.clone();
        next.phone = link.client.pn().as_ref().and_then(to_ours);
        next.lid = link.client.lid().as_ref().and_then(to_ours);
        next.status = Status::Connected;
        next.reason = None;
        next.qr = None;
        next.pairing_code = None;
        next.passkey = None;
        next.connected_at = Some(now);
        next.last_seen = Some(now);
        self.deaths = 0;
        self.inbox.responder.on_line(&link.client);
        // A connection that the library replaced by itself may have swallowed what was on it.
        self.disconnected();
        self.on_line = Some(OnLine::begin());
        self.enter(next).await?;
        self.put_off_early().await;
        Ok(())
    }

    async fn connection_lost(&mut self) -> Result<(), Stop> {
        self.disconnected();
        if self.session.status != Status::Connected {
            return Ok(());
        }
        let mut next = self.session.clone();
        next.status = Status::Connecting;
        next.reason = Some("connection_lost".into());
        next.connected_at = None;
        next.last_seen = Some(self.shared.ports.clock.now());
        self.enter(next).await
    }

    /// The client stopped for no reason it gave.
    pub(super) async fn died(&mut self) -> Result<(), Stop> {
        tracing::warn!(device = %self.device, "a client stopped by itself");
        self.connection_lost().await?;
        self.close().await;
        self.reopen_later();
        Ok(())
    }

    /// Takes in messages that WhatsApp does not hold back until they are stored.
    async fn take_in(&mut self, event: &Event) -> Result<(), Stop> {
        let Some(link) = &self.link else { return Ok(()) };
        let mut failures = 0;
        while let Err(error) = self.inbox.take_in_event(&link.client, event).await {
            if matches!(error.downcast_ref(), Some(PortError::Fenced)) {
                return Err(Stop::Fenced);
            }
            failures += 1;
            tracing::error!(device = %self.device, ?error, failures, "messages could not be stored");
            if failures == TRIES {
                break;
            }
            tokio::time::sleep(BACKOFF.after(failures)).await;
        }
        Ok(())
    }
}

fn log_out_reason(reason: ConnectFailureReason) -> String {
    match reason {
        ConnectFailureReason::AccountLocked => "account_locked",
        _ => "logged_out",
    }
    .to_owned()
}
