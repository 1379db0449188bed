//! Taking messages in: WhatsApp is told that we have one only after it is stored.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    model::{DeviceId, Direction, EventData, EventId, EventKind, MediaFile, Message, MessageType, SessionId},
    ports::{Change, PortError, Step},
    trace,
};
use wacore::types::{
    events::{Event, InboundMessage},
    message::MessageInfo,
};
use whatsapp_rust::{Client, InboundDurabilityHook};

use super::{
    addresses::Person,
    arrival::fill,
    downloads::Downloads,
    history::{Arrivals, History},
    known::{Known, News},
    people::People,
    read::{Said, read},
    votes,
};
use crate::{host::Shared, replies::Responder};

/// Stores what a device receives, and what is typed on the phone it is linked to.
#[derive(Clone)]
pub struct Inbox {
    pub(super) shared: Arc<Shared>,
    pub(super) device: DeviceId,
    pub(super) session_id: SessionId,
    pub(super) people: Arc<People>,
    pub(super) responder: Arc<Responder>,
    pub(super) known: Known,
    downloads: Downloads,
    history: History,
}

#[async_trait]
impl InboundDurabilityHook for Inbox {
    async fn on_messages(&self, client: Arc<Client>, batch: &[InboundMessage]) -> anyhow::Result<()> {
        self.take_in(&client, batch).await
    }
}

impl Inbox {
    /// The inbox of a device.
    pub(crate) fn new(shared: Arc<Shared>, device: DeviceId, session_id: SessionId, responder: Arc<Responder>) -> Self {
        let downloads = Downloads::new(shared.clone(), device.clone());
        let history = History::new(shared.clone(), device.clone());
        Self { shared, device, session_id, people: Arc::default(), responder, known: Known::default(), downloads, history }
    }

    /// Where the library puts the past.
    pub fn arrivals(&self) -> Arrivals {
        self.history.arrivals()
    }

    /// Where the library puts what it learns of people, chats and groups.
    pub fn news(&self) -> News {
        self.known.news()
    }

    /// Gets the files of messages, and stores the past and what is known of people, for as long as it is polled.
    pub async fn follow_up(self, client: Arc<Client>) {
        tokio::join!(self.downloads.run(client.clone()), self.history.run(&self, &client), self.known.run(&self, &client));
    }

    /// Waits, not for long, for what came in and is not safe yet.
    pub async fn settle(&self, client: &Client) {
        tokio::join!(self.history.settle(client), self.known.settle());
    }

    /// Stores the batch, in order. Repeating one is harmless.
    pub async fn take_in(&self, client: &Client, batch: &[InboundMessage]) -> anyhow::Result<()> {
        let mut steps = Vec::with_capacity(batch.len());
        for inbound in batch {
            self.take(client, inbound, &mut steps).await?;
        }
        self.store(&mut steps).await?;
        Ok(())
    }

    /// Stores the messages of an event, unless they were taken in before WhatsApp was told that we have them.
    pub async fn take_in_event(&self, client: &Client, event: &Event) -> anyhow::Result<()> {
        match event {
            Event::Messages(batch) if !batch.hook_committed => self.take_in(client, &batch.messages).await,
            Event::UndecryptableMessage(unseen) if unseen.is_unavailable && unseen.unavailable_type.is_unrecoverable_fanout() => {
                self.take_in_unseen(client, &unseen.info).await
            }
            _ => Ok(()),
        }
    }

    /// Stores that a message came of which the phone alone is shown what it says, such as a picture to be seen once.
    async fn take_in_unseen(&self, client: &Client, info: &MessageInfo) -> anyhow::Result<()> {
        let mut steps = Vec::new();
        if let Some(arrival) = self.arrival(client, info).await? {
            self.learn([&arrival.chat, &arrival.sender], &mut steps);
            steps.push(self.told(arrival.message));
        }
        Ok(self.store(&mut steps).await?)
    }

    async fn take(&self, client: &Client, inbound: &InboundMessage, steps: &mut Vec<Step>) -> anyhow::Result<()> {
        let Some(said) = read(&inbound.message) else {
            self.history.hold_up(client, &inbound.message).await?;
            tracing::debug!(device = %self.device, message_id = %inbound.info.id, "a message without content of its own was passed over");
            return Ok(());
        };
        let Some(mut arrival) = self.arrival(client, &inbound.info).await? else { return Ok(()) };
        self.learn([&arrival.chat, &arrival.sender], steps);
        if !matches!(said, Said::Content(..)) {
            // It is about another message, perhaps of the same batch.
            self.store(steps).await?;
        }
        match said {
            Said::Content(content, context) => {
                fill(&mut arrival.message, *content);
                self.put_in_context(client, &mut arrival.message, context).await?;
                steps.push(self.told(arrival.message));
            }
            Said::Reaction { target, emoji } => {
                arrival.message.kind = MessageType::Reaction;
                arrival.message.content = emoji.to_owned();
                let original = self.original(&arrival.chat, target, |_| true).await?;
                arrival.message.quoted = self.quote(client, &arrival, target, original.as_ref()).await?;
                steps.push(self.told(arrival.message));
            }
            Said::Vote { target, vote } => {
                arrival.message.kind = MessageType::Vote;
                let poll = self.original(&arrival.chat, target, |message| message.kind == MessageType::Poll).await?;
                arrival.message.quoted = self.quote(client, &arrival, target, poll.as_ref()).await?;
                match poll {
                    Some(poll) => match votes::choice(client, &poll, &arrival.chat, &arrival.sender, vote).await {
                        Some(choice) => arrival.message.content = choice,
                        None => tracing::warn!(device = %self.device, message_id = %arrival.message.id, "a vote could not be read"),
                    },
                    None => tracing::debug!(device = %self.device, message_id = %arrival.message.id, "a vote came without its poll"),
                }
                steps.push(self.told(arrival.message));
            }
            Said::Edit { target, text, at } => steps.extend(self.edited(&arrival, target, text, at).await?),
            Said::Revoke { target } => steps.extend(self.deleted(client, &arrival, target).await?),
        }
        Ok(())
    }

    async fn store(&self, steps: &mut Vec<Step>) -> Result<(), PortError> {
        if steps.is_empty() {
            return Ok(());
        }
        let steps = std::mem::take(steps);
        let aliases: Vec<_> =
            steps.iter().map(|step| &step.change).filter(|change| matches!(change, Change::Alias { .. })).cloned().collect();
        let messages: Vec<_> = steps.iter().filter_map(told_message).collect();
        let events = self.shared.publisher.publish(&self.device, steps).await?;
        self.people.told(&aliases);
        let received = events.iter().filter(|event| event.kind == EventKind::MessageReceived).count();
        metrics::counter!("warta_messages_received_total").increment(received as u64);
        let new = |event: &EventId| events.iter().any(|stored| stored.id == *event);
        let messages: Vec<_> = messages.into_iter().filter(|(event, _)| new(event)).map(|(_, message)| message).collect();
        messages.iter().for_each(|message| self.responder.heard(message));
        self.downloads.add(messages.into_iter().filter(|message| message.media().is_some_and(MediaFile::is_awaited)));
        Ok(())
    }

    /// Tells of people whose two names are known by now.
    pub(super) fn learn<'a>(&self, people: impl IntoIterator<Item = &'a Person>, steps: &mut Vec<Step>) {
        for news in people.into_iter().filter_map(|person| self.people.news(person)) {
            // Before the message itself: what came earlier under the hidden id moves to where this one goes.
            steps.push(self.shared.publisher.step(news, None));
        }
    }

    fn told(&self, message: Message) -> Step {
        let data = match message.direction {
            Direction::Incoming => EventData::message_received(&message),
            Direction::Outgoing => EventData::message_sent(&message),
        };
        let device = self.device.as_str();
        let span = tracing::info_span!(target: trace::TARGET, "receive", otel.kind = "consumer", device, message_id = message.id.as_str());
        span.in_scope(|| self.shared.publisher.step(Change::Message(Box::new(message)), Some(&data)))
    }
}

/// A message, and the event that tells of it if the step takes effect.
fn told_message(step: &Step) -> Option<(EventId, Message)> {
    match (&step.change, &step.event) {
        (Change::Message(message), Some(event)) => Some((event.id.clone(), (**message).clone())),
        _ => None,
    }
}
