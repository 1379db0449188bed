//! What there is to answer in a chat, as it is stored.

use ai::answerable;
use domain::{
    model::{Author, Device, Direction, Jid, Message, MessageFilter, MessageId, MessageType, PageRequest},
    ports::PortError,
};

use super::Responder;

/// How much of a chat is looked at.
const RECENT: u32 = 60;

/// Most messages that are one thought.
const FRAGMENTS: usize = 20;

/// How often a device answers in a chat within the time that it leaves a chat to a person: two that answer by themselves would never stop.
const CHATTY: usize = 60;

/// What there is to answer.
pub(super) struct Thought {
    pub device: Device,
    /// What was not answered yet, oldest first: at least one.
    pub fragments: Vec<Message>,
    /// The conversation, newest first: what is to be answered comes last in it, even if an earlier answer overtook it.
    pub recent: Vec<Message>,
}

impl Thought {
    /// The message that is answered last.
    pub fn last(&self) -> &Message {
        self.fragments.last().expect("a thought has a fragment")
    }

    /// The key that the answer is accepted under.
    pub fn last_key(&self) -> String {
        key(self.last())
    }

    /// Whether this message is part of it.
    pub fn holds(&self, id: &MessageId) -> bool {
        self.fragments.iter().any(|fragment| fragment.id == *id)
    }
}

/// The key that the answer to a message is accepted under: who has it, and all before it, was answered. Chats may change their names.
fn key(message: &Message) -> String {
    format!("ai:{}", message.id)
}

/// Whether a message is more than a sign on another one.
pub(super) fn is_written(message: &Message) -> bool {
    !matches!(message.kind, MessageType::Reaction | MessageType::Vote)
}

impl Responder {
    /// Whether the device answers by itself in such a chat at all.
    pub(super) async fn may_answer(&self, chat: &Jid) -> Result<bool, PortError> {
        let device = self.shared.ports.devices.get(&self.device).await?;
        Ok(device.is_some_and(|device| device.ai.enabled && device.ai.auto_reply && !(chat.is_group() && device.ai.exclude_groups)))
    }

    /// What there is to answer in a chat now, unless a person has taken it over.
    pub(super) async fn thought(&self, chat: &Jid) -> Result<Option<Thought>, PortError> {
        let (ports, now) = (&self.shared.ports, self.now());
        let Some(device) = ports.devices.get(&self.device).await?.filter(|device| device.session.can_send()) else { return Ok(None) };
        if self.is_taken_over(chat).await? {
            return Ok(None);
        }
        let filter = MessageFilter { device: Some(self.device.clone()), chat: Some(chat.clone()), ..MessageFilter::default() };
        let recent = ports.messages.list(&filter, &first_page(RECENT)).await?.items;
        let mut fragments = Vec::new();
        for message in recent.iter().filter(|message| answerable(message, now).is_ok()).take(FRAGMENTS) {
            if ports.messages.accepted(&self.device, &key(message)).await?.is_some() {
                break;
            }
            fragments.push(message.clone());
        }
        if fragments.is_empty() {
            return Ok(None);
        }
        let (open, mut conversation): (Vec<_>, Vec<_>) =
            recent.into_iter().partition(|message| fragments.iter().any(|fragment| fragment.key() == message.key()));
        conversation.splice(..0, open);
        fragments.reverse();
        Ok(Some(Thought { device, fragments, recent: conversation }))
    }

    /// Whether a person has written in the chat on the phone of late, or the device has more than enough.
    async fn is_taken_over(&self, chat: &Jid) -> Result<bool, PortError> {
        let filter = MessageFilter {
            device: Some(self.device.clone()),
            chat: Some(chat.clone()),
            direction: Some(Direction::Outgoing),
            since: Some(self.now() - self.answering().config.silence),
            ..MessageFilter::default()
        };
        let own = self.shared.ports.messages.list(&filter, &first_page(PageRequest::MAX_LIMIT)).await?.items;
        let by = |author| own.iter().filter(move |message| message.author == Some(author));
        Ok(by(Author::Phone).any(is_written) || by(Author::Ai).count() >= CHATTY)
    }
}

fn first_page(limit: u32) -> PageRequest {
    PageRequest { page: 1, limit, cursor: None }
}
