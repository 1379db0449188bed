//! What arrived, as a record: whose message it is, in which chat, and what it refers to.

use std::time::Duration;

use domain::{
    model::{Author, Direction, Jid, Message, MessageId, MessageStatus, MessageType, Quoted, Timestamp},
    ports::PortError,
};
use wacore::types::message::MessageInfo;
use waproto::whatsapp as wa;
use whatsapp_rust::{Client, Jid as WaJid};

use super::{
    addresses::{Person, to_ours},
    inbox::Inbox,
    people,
    read::{Content, Context},
};

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
    /// WhatsApp counts whole seconds. A message is put where it came in, or at its second's end if it came later, so that a conversation
    /// keeps its order.
    fn moment(&self, second: Timestamp) -> Timestamp {
        let end = second + Duration::from_millis(999);
        self.shared.ports.clock.now().clamp(second, end)
    }

    pub(super) async fn person(&self, client: &Client, jid: &WaJid, alt: Option<&WaJid>) -> Result<Option<Person>, PortError> {
        people::find(client, &*self.shared.ports.aliases, &self.device, jid, alt).await
    }

    pub(super) async fn arrival(&self, client: &Client, info: &MessageInfo) -> Result<Option<Arrival>, PortError> {
        let source = &info.source;
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
            author: outgoing.then_some(Author::Phone),
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
    pub(super) async fn quote(
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
