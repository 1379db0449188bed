//! Taking messages in: WhatsApp is told that we have one only after it is stored.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    model::{
        DeviceId, Direction, EventData, EventId, Jid, MediaFile, Message, MessageId, MessageStatus, MessageType, Quoted, SessionId,
        Timestamp,
    },
    ports::{Change, PortError, Step},
};
use wacore::types::events::InboundMessage;
use waproto::whatsapp as wa;
use whatsapp_rust::{Client, InboundDurabilityHook, Jid as WaJid};

use super::{
    addresses::{Person, to_ours},
    downloads::Downloads,
    history::{Arrivals, History},
    people::{self, People},
    read::{Content, Context, Said, read},
    votes,
};
use crate::host::Shared;

/// Stores what a device receives, and what is typed on the phone it is linked to.
#[derive(Clone)]
pub struct Inbox {
    pub(super) shared: Arc<Shared>,
    pub(super) device: DeviceId,
    pub(super) session_id: SessionId,
    pub(super) people: Arc<People>,
    downloads: Downloads,
    history: History,
}

#[async_trait]
impl InboundDurabilityHook for Inbox {
    async fn on_messages(&self, client: Arc<Client>, batch: &[InboundMessage]) -> anyhow::Result<()> {
        self.take_in(&client, batch).await
    }
}

/// A message that arrived, its record without a content yet.
pub(super) struct Arrival {
    pub message: Message,
    pub chat: Person,
    pub sender: Person,
}

impl Arrival {
    /// Whether its sender wrote `other`.
    pub fn is_of_author_of(&self, other: &Message) -> bool {
        let sender = &self.sender;
        other.direction == self.message.direction
            && (other.direction == Direction::Outgoing
                || other.from.as_ref() == Some(&sender.jid)
                || other.from.is_some() && other.from == sender.lid
                || other.lid.is_some() && other.lid == sender.lid)
    }
}

impl Inbox {
    /// The inbox of a device.
    pub(crate) fn new(shared: Arc<Shared>, device: DeviceId, session_id: SessionId) -> Self {
        let downloads = Downloads::new(shared.clone(), device.clone());
        let history = History::new(shared.clone(), device.clone());
        Self { shared, device, session_id, people: Arc::default(), downloads, history }
    }

    /// Where the library puts the past.
    pub fn arrivals(&self) -> Arrivals {
        self.history.arrivals()
    }

    /// Gets the files of messages, and stores the past, for as long as it is polled.
    pub async fn follow_up(self, client: Arc<Client>) {
        tokio::join!(self.downloads.run(client.clone()), self.history.run(&self, &client));
    }

    /// Waits, not for long, for what came in and is not safe yet.
    pub async fn settle(&self, client: &Client) {
        self.history.settle(client).await;
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

    async fn take(&self, client: &Client, inbound: &InboundMessage, steps: &mut Vec<Step>) -> anyhow::Result<()> {
        let Some(said) = read(&inbound.message) else {
            self.history.hold_up(client, &inbound.message).await?;
            tracing::debug!(device = %self.device, message_id = %inbound.info.id, "a message without content of its own was passed over");
            return Ok(());
        };
        let Some(mut arrival) = self.arrival(client, inbound).await? else { return Ok(()) };
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
        let files: Vec<_> = steps.iter().filter_map(missed_file).collect();
        let events = self.shared.publisher.publish(&self.device, steps).await?;
        self.people.told(&aliases);
        let new = |event: &EventId| events.iter().any(|stored| stored.id == *event);
        self.downloads.add(files.into_iter().filter(|(event, _)| new(event)).map(|(_, message)| message));
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
        self.shared.publisher.step(Change::Message(Box::new(message)), Some(&data))
    }

    /// WhatsApp counts whole seconds. A message is put where it came in, or at its second's end if it came later, so that a conversation
    /// keeps its order.
    fn moment(&self, second: Timestamp) -> Timestamp {
        let end = second + Duration::from_millis(999);
        self.shared.ports.clock.now().clamp(second, end)
    }

    pub(super) async fn person(&self, client: &Client, jid: &WaJid, alt: Option<&WaJid>) -> Result<Option<Person>, PortError> {
        people::find(client, &*self.shared.ports.aliases, &self.device, jid, alt).await
    }

    async fn arrival(&self, client: &Client, inbound: &InboundMessage) -> Result<Option<Arrival>, PortError> {
        let (info, source) = (&inbound.info, &inbound.info.source);
        let Some(sender) = self.person(client, &source.sender, source.sender_alt.as_ref()).await? else { return Ok(None) };
        let direct = to_ours(&source.chat).is_some_and(|chat| !source.is_group && !chat.is_group());
        let by_list = source.broadcast_list_owner.is_some();
        let chat = if !source.is_from_me && (direct || by_list) {
            // The chat is the other person, however WhatsApp called them this time.
            sender.clone()
        } else {
            let alt = source.recipient_alt.as_ref().or(info.peer_recipient_pn.as_ref());
            let Some(chat) = self.person(client, &source.chat, alt).await? else { return Ok(None) };
            chat
        };
        let Ok(id) = MessageId::parse(info.id.clone()) else { return Ok(None) };
        let own = client.pn().as_ref().and_then(to_ours);
        let at = self.moment(Timestamp::from_millis(info.timestamp.timestamp_millis()));
        let mut message = self.blank(id, own, &chat, &sender, source.is_from_me, at);
        message.broadcast = by_list;
        message.push_name = (!source.is_from_me && !info.push_name.is_empty()).then(|| info.push_name.clone());
        Ok(Some(Arrival { message, chat, sender }))
    }

    /// A record that says nothing yet.
    pub(super) fn blank(&self, id: MessageId, own: Option<Jid>, chat: &Person, sender: &Person, outgoing: bool, at: Timestamp) -> Message {
        let (from, to) = match (outgoing, chat.jid == sender.jid) {
            (true, _) => (own, Some(chat.jid.clone())),
            (false, true) => (Some(sender.jid.clone()), own),
            (false, false) => (Some(sender.jid.clone()), Some(chat.jid.clone())),
        };
        Message {
            id,
            device_id: self.device.clone(),
            session_id: self.session_id.clone(),
            direction: if outgoing { Direction::Outgoing } else { Direction::Incoming },
            from,
            to,
            lid: if outgoing { chat.lid.clone() } else { sender.lid.clone() },
            chat: chat.jid.clone(),
            kind: MessageType::Other,
            content: String::new(),
            caption: None,
            attachment: None,
            quoted: None,
            mentions: Vec::new(),
            link_preview: false,
            forwarded: false,
            broadcast: false,
            push_name: None,
            timestamp: at,
            status: if outgoing { MessageStatus::Sent } else { MessageStatus::Delivered },
            read_at: None,
            error: None,
            due_at: None,
            bulk: None,
            edited_at: None,
            deleted_at: None,
        }
    }

    /// Whom and what a message refers to, by our addresses.
    pub(super) async fn put_in_context(&self, client: &Client, message: &mut Message, context: Context) -> Result<(), PortError> {
        message.forwarded = context.forwarded;
        for mention in &context.mentions {
            message.mentions.extend(self.named(client, mention).await?.map(|person| person.jid));
        }
        let Some((quote, id)) = context.quote.and_then(|quote| MessageId::parse(quote.id.clone()).ok().map(|id| (quote, id))) else {
            return Ok(());
        };
        let author = match &quote.author {
            Some(author) => self.named(client, author).await?,
            None => None,
        };
        let from_me = author.as_ref().is_some_and(|author| is_own(client, author));
        message.quoted = Some(Quoted { message_id: id, from: author.map(|author| author.jid), from_me, content: quote.text });
        Ok(())
    }

    pub(super) async fn named(&self, client: &Client, name: &str) -> Result<Option<Person>, PortError> {
        match name.parse() {
            Ok(jid) => self.person(client, &jid, None).await,
            Err(_) => Ok(None),
        }
    }

    /// The message that a reaction or vote is about, as it is on record or as its sender names it.
    async fn quote(
        &self,
        client: &Client,
        arrival: &Arrival,
        target: &wa::MessageKey,
        original: Option<&Message>,
    ) -> Result<Option<Quoted>, PortError> {
        if let Some(original) = original {
            return Ok(Some(original.quote()));
        }
        let Some(message_id) = target.id.clone().and_then(|id| MessageId::parse(id).ok()) else { return Ok(None) };
        let outgoing = arrival.message.direction == Direction::Outgoing;
        let (from, from_me) = match (target.from_me.unwrap_or_default(), &target.participant) {
            (true, _) => (arrival.message.from.clone(), outgoing),
            (false, Some(author)) => {
                let author = self.named(client, author).await?;
                let from_me = author.as_ref().is_some_and(|author| is_own(client, author));
                (author.map(|author| author.jid), from_me)
            }
            (false, None) => (arrival.message.to.clone(), !outgoing),
        };
        Ok(Some(Quoted { message_id, from, from_me, content: String::new() }))
    }
}

/// A message whose file is to be downloaded, if the step takes effect.
fn missed_file(step: &Step) -> Option<(EventId, Message)> {
    match (&step.change, &step.event) {
        (Change::Message(message), Some(event)) if message.media().is_some_and(MediaFile::is_awaited) => {
            Some((event.id.clone(), (**message).clone()))
        }
        _ => None,
    }
}

pub(super) fn fill(message: &mut Message, content: Content) {
    message.kind = content.kind;
    message.content = content.text;
    message.caption = content.caption;
    message.attachment = content.attachment;
}

fn is_own(client: &Client, person: &Person) -> bool {
    let own = [client.pn(), client.lid()].map(|jid| jid.as_ref().and_then(to_ours));
    own.iter().flatten().any(|own| *own == person.jid || Some(own) == person.lid.as_ref())
}
